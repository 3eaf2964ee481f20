//! What commands do, by their words.

use bewit_catalog::model::Effect;

/// Tools that only read.
const READERS: [&str; 85] = [
    "aa-status",
    "apt-cache",
    "ausearch",
    "awk",
    "base64",
    "basename",
    "bpftool",
    "capsh",
    "cat",
    "chage",
    "column",
    "crontab",
    "curl",
    "cut",
    "date",
    "df",
    "diff",
    "dirname",
    "dmesg",
    "dpkg-query",
    "du",
    "echo",
    "egrep",
    "falco",
    "file",
    "findmnt",
    "getcap",
    "getenforce",
    "getent",
    "getfacl",
    "grep",
    "head",
    "hostname",
    "id",
    "ip6tables",
    "ip6tables-save",
    "iptables",
    "iptables-save",
    "jq",
    "last",
    "lastb",
    "ldd",
    "ls",
    "lsattr",
    "lsblk",
    "lsmod",
    "lsns",
    "lsof",
    "modinfo",
    "modprobe",
    "mount",
    "namei",
    "nft",
    "nsenter",
    "nstat",
    "passwd",
    "pgrep",
    "printf",
    "ps",
    "readlink",
    "realpath",
    "sha256sum",
    "sleep",
    "sort",
    "ss",
    "ssh-keygen",
    "sshd",
    "stat",
    "strings",
    "systemd-analyze",
    "tail",
    "top",
    "tr",
    "trivy",
    "uname",
    "uniq",
    "uptime",
    "visudo",
    "w",
    "wc",
    "who",
    "whoami",
    "whois",
    "xargs",
    "zgrep",
];

pub(crate) fn rank(effect: Effect) -> u8 {
    match effect {
        Effect::ReadOnly => 0,
        Effect::Changes => 1,
        Effect::Disrupts => 2,
    }
}

/// What a command does.
pub(crate) fn of(argv: &[String]) -> Effect {
    let words: Vec<&str> = argv.iter().map(String::as_str).collect();
    let has = |wanted: &[&str]| words[1..].iter().any(|word| wanted.contains(word));
    let begins = |start: &str| words[1..].iter().any(|word| word.starts_with(start));
    // Words of a tool's own language that change something, and those that stop a service or lose data.
    let by_verb = |changes: &[&str], disrupts: &[&str]| {
        if has(disrupts) {
            Effect::Disrupts
        } else if has(changes) {
            Effect::Changes
        } else {
            Effect::ReadOnly
        }
    };
    match words[0] {
        "kubectl" if begins("--dry-run") => Effect::ReadOnly,
        "kubectl" if begins("--replicas=0") => Effect::Disrupts,
        // The right that is asked for is not used.
        "kubectl" if has(&["can-i"]) => Effect::ReadOnly,
        "kubectl" => by_verb(
            &[
                "annotate",
                "apply",
                "approve",
                "autoscale",
                "cordon",
                "uncordon",
                "cp",
                "create",
                "debug",
                "deny",
                "edit",
                "exec",
                "expose",
                "label",
                "patch",
                "replace",
                "restart",
                "run",
                "scale",
                "set",
                "taint",
                "undo",
            ],
            &["delete", "drain", "evict"],
        ),
        "helm" => by_verb(&["install", "upgrade", "repo"], &["rollback", "uninstall"]),
        "docker" | "crictl" | "ctr" | "nerdctl" | "podman" => {
            let image = has(&["image", "images", "rmi"]);
            match by_verb(
                &[
                    "build",
                    "checkpoint",
                    "commit",
                    "cp",
                    "create",
                    "export",
                    "import",
                    "load",
                    "pull",
                    "push",
                    "rename",
                    "resume",
                    "run",
                    "save",
                    "start",
                    "tag",
                    "unpause",
                    "update",
                    "exec",
                    "disconnect",
                    "connect",
                ],
                &["rm", "stop", "kill", "pause", "restart", "prune", "rmi", "rmp", "stopp"],
            ) {
                Effect::Disrupts if image => Effect::Changes,
                effect => effect,
            }
        }
        "aws" => {
            let operation = words.get(2).copied().unwrap_or_default();
            let reads = [
                "get-",
                "list-",
                "describe-",
                "lookup-",
                "simulate-",
                "generate-",
                "head-",
                "batch-get-",
                "filter-",
                "ls",
                "search-",
                "test-",
            ];
            if reads.iter().any(|start| operation.starts_with(start)) {
                Effect::ReadOnly
            } else if ["terminate-", "stop-instances"]
                .iter()
                .any(|start| operation.starts_with(start))
            {
                Effect::Disrupts
            } else {
                Effect::Changes
            }
        }
        "gcloud" => by_verb(
            &[
                "add-iam-policy-binding",
                "create",
                "delete",
                "disable",
                "enable",
                "patch",
                "remove-iam-policy-binding",
                "restore",
                "set-iam-policy",
                "update",
                "stop",
                "reset",
                "undelete",
            ],
            &[],
        ),
        "gh" => match words.iter().position(|word| ["--method", "-X"].contains(word)) {
            Some(at) if words.get(at + 1) == Some(&"GET") => Effect::ReadOnly,
            Some(_) => Effect::Changes,
            // `gh api` posts as soon as it is given a field.
            None if has(&["api"]) && has(&["-f", "-F", "--field", "--raw-field", "--input"]) => Effect::Changes,
            None => by_verb(
                &[
                    "create", "edit", "cancel", "disable", "enable", "archive", "set", "delete", "remove", "close",
                ],
                &[],
            ),
        },
        "curl" if has(&["-X", "--request", "-d", "--data"]) && !has(&["GET", "-G"]) => Effect::Changes,
        "curl" if has(&["-o", "-O", "--output"]) => Effect::Changes,
        "systemctl" => by_verb(
            &[
                "daemon-reload",
                "edit",
                "enable",
                "reload",
                "start",
                "unmask",
                "set-property",
            ],
            &["disable", "isolate", "kill", "mask", "restart", "stop"],
        ),
        "loginctl" => by_verb(
            &["lock-session", "enable-linger", "disable-linger"],
            &["kill-session", "kill-user", "terminate-session", "terminate-user"],
        ),
        "kill" if has(&["-CONT", "-0", "-l"]) => Effect::Changes,
        "kill" | "pkill" | "killall" | "shutdown" | "reboot" | "rmmod" | "shred" | "mkfs" | "truncate" | "dd"
        | "umount" => Effect::Disrupts,
        "modprobe" if has(&["-r", "--remove"]) => Effect::Disrupts,
        "modprobe" | "insmod" => Effect::Changes,
        "nft" if words[1].starts_with("add") || words[1].starts_with("delete") || words[1].starts_with("insert") => {
            Effect::Changes
        }
        "iptables" | "ip6tables" if !has(&["-L", "-S", "--list", "--list-rules"]) => Effect::Changes,
        "ip" => by_verb(&["add", "del", "delete", "set", "flush", "change", "replace"], &[]),
        "auditctl" => by_verb(&["-a", "-A", "-d", "-w", "-W", "-D", "-e"], &[]),
        "sysctl" => by_verb(&["-w", "--write", "-p", "--system", "--load"], &[]),
        "chage" if has(&["--list", "-l"]) => Effect::ReadOnly,
        "passwd" if has(&["--status", "-S"]) => Effect::ReadOnly,
        "mount" if words.len() == 1 => Effect::ReadOnly,
        "find" => {
            let runs = words.windows(2).filter(|pair| ["-exec", "-execdir", "-ok"].contains(&pair[0]));
            let reads = runs.into_iter().all(|pair| READERS.contains(&pair[1]));
            match by_verb(&["-fprintf"], &["-delete"]) {
                Effect::ReadOnly if !reads => Effect::Changes,
                effect => effect,
            }
        }
        "sed" => by_verb(&["-i", "--in-place"], &[]),
        "apt-get" | "dnf" | "yum" | "apt" => {
            by_verb(&["install", "reinstall", "remove", "upgrade", "update", "purge"], &[])
        }
        "rpm" | "dpkg" => by_verb(
            &[
                "-i",
                "-U",
                "-e",
                "--install",
                "--erase",
                "--remove",
                "--purge",
                "-r",
                "-P",
            ],
            &[],
        ),
        "journalctl" => by_verb(&["--rotate", "--flush", "--sync"], &["--vacuum-time", "--vacuum-size"]),
        "crontab" if has(&["-l"]) => Effect::ReadOnly,
        "bpftool" => by_verb(&["pin", "load", "attach", "detach", "update", "delete"], &[]),
        "chage" | "chattr" | "chcon" | "chmod" | "chown" | "cp" | "crontab" | "groupmod" | "install" | "ln"
        | "mkdir" | "mount" | "mv" | "passwd" | "rm" | "rmdir" | "setfacl" | "tar" | "tee" | "touch" | "unlink"
        | "useradd" | "userdel" | "usermod" | "update-initramfs" | "setenforce" | "wget" => Effect::Changes,
        program => {
            // A tool of which nobody said what it does is not taken for harmless.
            assert!(
                READERS.contains(&program),
                "effects.rs does not say what {program} does"
            );
            Effect::ReadOnly
        }
    }
}

/// Whether a script writes a file.
pub(crate) fn redirects(script: &str) -> bool {
    script.match_indices('>').any(|(at, _)| {
        let target = script[at + 1..].trim_start_matches(['>', ' ']);
        let before = script[..at].chars().next_back().unwrap_or(' ');
        (before.is_whitespace() || before.is_ascii_digit())
            && !target.starts_with("/dev/null")
            && !target.starts_with('&')
            && target.starts_with(['"', '/', '$', '.'])
    })
}
