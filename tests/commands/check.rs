//! What each tool says to a command, without doing anything that lasts.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::collect::{NO_PROCESS, Sample};

/// A word that no tool has as an option.
const NO_OPTION: &str = "--bewit-no-such-option";

/// How a tool is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    /// As it stands: it only reads, or what it would act on does not exist or is out of reach.
    AsIs,
    /// As it stands, in namespaces of its own, where there are no devices, rules and audit.
    Isolated,
    /// With `--help` behind its options, which it parses before it helps.
    Help,
    /// So, and the first word that is no option is a command that its help names.
    HelpNames,
    /// With other places to look in than the machine's.
    Elsewhere,
}

/// A program that is asked, and what it may say apart from nothing: the machine, the peer or the file is not there.
struct Tool {
    programs: &'static [&'static str],
    ask: Ask,
    may_say: &'static [&'static str],
}

const NO_FILE: &[&str] = &["No such file or directory", "nothing"];

const TOOLS: &[Tool] = &[
    // The server knows everything, but it streams nothing.
    Tool {
        programs: &["kubectl"],
        ask: Ask::AsIs,
        may_say: &["unable to upgrade connection", "Service is defined without a selector"],
    },
    Tool {
        programs: &["helm"],
        ask: Ask::AsIs,
        may_say: &["release: not found", "release: no revision"],
    },
    Tool {
        programs: &["aws"],
        ask: Ask::AsIs,
        may_say: &[
            "Could not connect to the endpoint URL",
            "Failed to connect to proxy URL",
        ],
    },
    Tool {
        programs: &["docker"],
        ask: Ask::AsIs,
        may_say: &[
            "Cannot connect to the Docker daemon",
            "failed to connect to the docker API",
        ],
    },
    Tool {
        programs: &["gh"],
        ask: Ask::AsIs,
        may_say: &["connect: connection refused"],
    },
    Tool {
        programs: &["gcloud"],
        ask: Ask::AsIs,
        may_say: &["currently have an active account selected"],
    },
    Tool {
        programs: &["ctr"],
        ask: Ask::Help,
        may_say: &[],
    },
    Tool {
        programs: &["auditctl"],
        ask: Ask::Isolated,
        may_say: &[
            "The audit system is disabled",
            "Operation not permitted",
            "Connection refused",
        ],
    },
    Tool {
        programs: &["nft"],
        ask: Ask::Isolated,
        may_say: &["Could not process rule: No such file or directory"],
    },
    Tool {
        programs: &["iptables-save", "ip"],
        ask: Ask::Isolated,
        may_say: &[],
    },
    Tool {
        programs: &["sshd"],
        ask: Ask::AsIs,
        may_say: &[
            "sshd_config: No such file",
            "no hostkeys available",
            "Missing privilege separation directory",
        ],
    },
    Tool {
        programs: &["aa-status", "getenforce", "bpftool"],
        ask: Ask::AsIs,
        may_say: &["apparmor not present", "nothing", "No such file or directory"],
    },
    Tool {
        programs: &["systemctl", "loginctl"],
        ask: Ask::HelpNames,
        may_say: &[],
    },
    Tool {
        programs: &["journalctl"],
        ask: Ask::Elsewhere,
        may_say: &["nothing", "No journal files were found"],
    },
    Tool {
        programs: &["dpkg", "dpkg-query"],
        ask: Ask::Elsewhere,
        may_say: &[
            "no path found matching",
            "no packages found matching",
            "is not installed",
        ],
    },
    Tool {
        programs: &["find"],
        ask: Ask::Elsewhere,
        may_say: NO_FILE,
    },
    Tool {
        programs: &[
            "ps", "ss", "pgrep", "top", "uptime", "who", "getent", "lsblk", "lsmod", "findmnt", "df", "jq", "grep",
            "stat", "namei", "nsenter", "ls",
        ],
        ask: Ask::AsIs,
        may_say: &[
            "No such file or directory",
            "Permission denied",
            "Could not open",
            "nothing",
        ],
    },
    Tool {
        programs: &["kill"],
        ask: Ask::AsIs,
        may_say: &["No such process"],
    },
    Tool {
        programs: &["chattr"],
        ask: Ask::AsIs,
        may_say: NO_FILE,
    },
    Tool {
        programs: &["awk"],
        ask: Ask::AsIs,
        may_say: &[],
    },
    Tool {
        programs: &[
            "apt-get",
            "basename",
            "cat",
            "chage",
            "chmod",
            "chown",
            "cp",
            "crontab",
            "curl",
            "cut",
            "dirname",
            "getfacl",
            "head",
            "id",
            "install",
            "last",
            "lastb",
            "ln",
            "mktemp",
            "modinfo",
            "modprobe",
            "mount",
            "mv",
            "passwd",
            "pkill",
            "readlink",
            "rm",
            "rmdir",
            "rmmod",
            "rpm",
            "sed",
            "sha256sum",
            "sort",
            "sysctl",
            "tail",
            "tar",
            "tee",
            "tr",
            "umount",
            "uniq",
            "unlink",
            "usermod",
            "wc",
            "whois",
            "xargs",
        ],
        ask: Ask::Help,
        may_say: &[],
    },
];

/// Tools that nobody packages where a test can get them: checked only where somebody installed them.
pub(crate) const RARE: [&str; 2] = ["gcloud", "ctr"];

/// Whether there is a way to ask this tool.
pub(crate) fn is_known(program: &str) -> bool {
    program == "sh" || tool(program).is_some()
}

fn tool(program: &str) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| tool.programs.contains(&program))
}

/// A place where tools find nothing of this machine's.
pub(crate) struct Bench {
    folder: PathBuf,
    kubeconfig: PathBuf,
}

impl Bench {
    pub(crate) fn new(name: &str, server: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("bewit-{name}-{}", std::process::id()));
        for sub in [
            "work",
            "home",
            "journal",
            "dpkg/info",
            "dpkg/updates",
            "root/bewit-evidence",
            "shims",
        ] {
            fs::create_dir_all(folder.join(sub)).unwrap();
        }
        fs::create_dir_all(folder.join("root/bewit-evidence-4cc4da328699")).unwrap();
        fs::write(folder.join("dpkg/status"), "").unwrap();
        fs::write(folder.join("work/Dockerfile"), "FROM scratch\n").unwrap();
        let kubeconfig = folder.join("kubeconfig");
        fs::write(
            &kubeconfig,
            format!(
                "{{apiVersion: v1, kind: Config, current-context: c, users: [{{name: u, user: {{token: t}}}}], \
                 clusters: [{{name: c, cluster: {{server: '{server}'}}}}], contexts: [{{name: c, context: {{cluster: c, user: u}}}}]}}"
            ),
        )
        .unwrap();
        let shim = folder.join("shim");
        fs::write(
            &shim,
            "#!/bin/sh\nprintf '%s\\0' \"${0##*/}\" \"$@\" > \"$BEWIT_TRACE/$$\"\n\
             case ${0##*/}:$* in aws:*) echo AKIAIOSFODNN7EXAMPLE ;; kubectl:*) echo cart ;; *pid*|*Pid*|pgrep:*) echo {NO_PROCESS} ;;\n\
             crictl:*|docker:*) echo 4cc4da328699 ;; *) echo {NO_PROCESS} ;; esac\n\
             exit \"$BEWIT_EXIT\"\n"
            .replace("{NO_PROCESS}", NO_PROCESS),
        )
        .unwrap();
        fs::set_permissions(&shim, fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder, kubeconfig }
    }

    /// Where the program is: what `cargo xtask test` unpacked comes first.
    pub(crate) fn find(&self, program: &str) -> Option<PathBuf> {
        let path = std::env::var("PATH").unwrap_or_default();
        let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin");
        let system = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"].map(PathBuf::from);
        [unpacked]
            .into_iter()
            .chain(std::env::split_paths(&path))
            .chain(system)
            .map(|folder| folder.join(program))
            .find(|path| path.is_file())
    }

    /// What is wrong with a command, by the tool's own words; none if the tool is not there.
    pub(crate) fn ask(&self, argv: &[String]) -> Option<Result<(), String>> {
        let (program, args) = argv.split_first()?;
        let tool = tool(program)?;
        let path = self.find(program)?;
        if tool.ask == Ask::Isolated && !self.isolates() {
            return None;
        }
        let mut args: Vec<String> = args.iter().map(|arg| self.moved(arg)).collect();
        let options_end = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
        match tool.ask {
            Ask::AsIs | Ask::Isolated => {}
            Ask::Help | Ask::HelpNames => args.insert(options_end, "--help".into()),
            Ask::Elsewhere if program == "find" => {
                let paths = args
                    .iter()
                    .position(|arg| arg.starts_with(['-', '(']))
                    .unwrap_or(args.len());
                args.splice(..paths, ["/nonexistent/sample".to_owned()]);
            }
            Ask::Elsewhere if program.starts_with("dpkg") => {
                args.insert(0, format!("--admindir={}", self.folder.join("dpkg").display()));
            }
            Ask::Elsewhere => args.insert(0, format!("--directory={}", self.folder.join("journal").display())),
        }
        let mut command = match tool.ask {
            Ask::Isolated => {
                let mut command = Command::new("unshare");
                command.args(["--user", "--map-root-user", "--net"]).arg(&path);
                command
            }
            _ => Command::new(self.find("timeout").unwrap()),
        };
        if tool.ask != Ask::Isolated {
            command.arg("60").arg(&path);
        }
        let output = self.at_home(command.args(&args)).output().unwrap();
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stderr),
            String::from_utf8_lossy(&output.stdout)
        );
        let says_nothing = output.stderr.is_empty() && matches!(output.status.code(), Some(1 | 2));
        let excused = tool.may_say.iter().any(|words| match *words {
            "nothing" => says_nothing,
            words => said.contains(words),
        });
        // Some tools complain and go on.
        let complains = [
            "nrecognized option",
            "nknown option",
            "nvalid option",
            "Unknown options",
            "not an option",
            "unknown field",
        ]
        .iter()
        .any(|words| String::from_utf8_lossy(&output.stderr).contains(words));
        if tool.ask == Ask::HelpNames {
            let verb = args
                .iter()
                .find(|arg| !arg.starts_with('-'))
                .cloned()
                .unwrap_or_default();
            let named = said
                .lines()
                .any(|line| line.split_whitespace().next() == Some(verb.as_str()));
            if !named {
                return Some(Err(format!("its help names no {verb}")));
            }
        }
        Some(if (output.status.success() || excused) && !complains {
            Ok(())
        } else {
            Err(said.lines().take(6).collect::<Vec<_>>().join("\n    "))
        })
    }

    /// The same command with an option that there is none of.
    pub(crate) fn spoilt(argv: &[String]) -> Vec<String> {
        let mut argv = argv.to_vec();
        // Tools with commands of their own take options behind them; `find` takes an expression there.
        let late = [
            "kubectl",
            "helm",
            "aws",
            "docker",
            "gh",
            "gcloud",
            "systemctl",
            "loginctl",
            "find",
        ];
        let end = argv.iter().position(|arg| arg == "--").unwrap_or(argv.len());
        let at = if late.contains(&argv[0].as_str()) { end } else { 1 };
        argv.insert(at, NO_OPTION.into());
        argv
    }

    /// The commands that a script runs, each with what it is given: every tool is replaced by one that notes its words.
    pub(crate) fn inside(&self, sample: &Sample) -> Vec<Sample> {
        let script = &sample.argv[2];
        writes_only_here(script);
        let shims = self.folder.join("shims");
        for name in words(script) {
            let path = shims.join(name);
            if !path.exists() && symlink(self.folder.join("shim"), &path).is_err() {
                assert!(path.exists(), "{}", path.display());
            }
        }
        let mut found = BTreeSet::new();
        // Both sides of `&&` and `||`.
        for exit in ["0", "1"] {
            let trace = self.folder.join(format!("trace-{:?}", std::thread::current().id()));
            fs::create_dir_all(&trace).unwrap();
            let argv: Vec<String> = sample.argv[2..].iter().map(|word| self.moved(word)).collect();
            // `kill` is built into shells.
            let script = format!("kill() {{ \"{}/kill\" \"$@\"; }}\n{}", shims.display(), argv[0]);
            let output = self
                .at_home(
                    Command::new(self.find("timeout").unwrap())
                        .args(["20", "/bin/sh", "-c", &script])
                        .args(&argv[1..]),
                )
                .env("PATH", &shims)
                .env("BEWIT_TRACE", &trace)
                .env("BEWIT_EXIT", exit)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            let harmless = |line: &&str| line.contains("/proc/") || line.contains("/sys/");
            let complaints: Vec<&str> = said.lines().filter(|line| !harmless(line)).collect();
            assert!(complaints.is_empty(), "{script}: {said}");
            for entry in fs::read_dir(&trace).unwrap() {
                let text = fs::read_to_string(entry.unwrap().path()).unwrap();
                let mut argv: Vec<String> = text.split_terminator('\0').map(|word| self.settled(word)).collect();
                argv.dedup();
                found.extend(inner(&argv));
                found.insert(argv);
            }
            fs::remove_dir_all(trace).unwrap();
        }
        found
            .into_iter()
            .map(|argv| Sample {
                of: sample.of.clone(),
                argv,
                effect: None,
            })
            .collect()
    }

    /// A program run in this place.
    pub(crate) fn at_home<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let nowhere = "http://127.0.0.1:1";
        command
            .current_dir(self.folder.join("work"))
            .stdin(Stdio::null())
            .env("HOME", self.folder.join("home"))
            .env("KUBECONFIG", &self.kubeconfig)
            .env("CLOUDSDK_CONFIG", self.folder.join("home/gcloud"))
            .envs([
                ("LC_ALL", "C.UTF-8"),
                ("PAGER", "cat"),
                ("SYSTEMD_PAGER", ""),
                ("AWS_PAGER", ""),
            ])
            .envs([
                ("HTTP_PROXY", nowhere),
                ("HTTPS_PROXY", nowhere),
                ("https_proxy", nowhere),
            ])
            .envs([("DOCKER_HOST", "tcp://127.0.0.1:1"), ("DOCKER_BUILDKIT", "0")])
            .envs([
                ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
                ("AWS_SECRET_ACCESS_KEY", "sample"),
            ])
            .envs([
                ("AWS_DEFAULT_REGION", "eu-west-1"),
                ("AWS_MAX_ATTEMPTS", "1"),
                ("CLOUDSDK_CORE_PROJECT", "shop-prod"),
            ])
            .envs([
                ("GH_TOKEN", "sample"),
                ("OKTA_API_TOKEN", "sample"),
                ("OKTA_DOMAIN", "okta.example.com"),
            ])
            .env_remove("BASH_ENV")
            .env_remove("ENV")
    }

    /// Whether namespaces can be had.
    fn isolates(&self) -> bool {
        Command::new("unshare")
            .args(["--user", "--map-root-user", "--net", "true"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    /// A word as it would be on any machine.
    fn settled(&self, word: &str) -> String {
        settled_path(&word.replace(&*self.folder.to_string_lossy(), ""))
    }

    /// The administrator's home is here.
    fn moved(&self, word: &str) -> String {
        word.replace("/root/bewit", &format!("{}/root/bewit", self.folder.display()))
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// The command behind a tool that runs another one.
fn inner(argv: &[String]) -> Option<Vec<String>> {
    if argv.first().map(String::as_str) != Some("nsenter") {
        return None;
    }
    let valued = ["--target", "-t"];
    let mut at = 1;
    while argv.get(at).is_some_and(|word| word.starts_with('-')) {
        at += if valued.contains(&argv[at].as_str()) { 2 } else { 1 };
    }
    argv.get(at..).filter(|rest| !rest.is_empty()).map(<[String]>::to_vec)
}

/// A path that is another on each machine, as one that is nowhere.
fn settled_path(word: &str) -> String {
    let module = word
        .strip_prefix("/sys/module/")
        .is_some_and(|rest| !rest.contains('/'));
    let process = word.strip_prefix("/proc/").and_then(|rest| rest.split_once('/'));
    match process {
        Some((id, rest)) if id.bytes().all(|b| b.is_ascii_digit()) => format!("/proc/{NO_PROCESS}/{rest}"),
        _ if module => "/sys/module/sample".to_owned(),
        _ => word.to_owned(),
    }
}

/// Words of a script that may be names of programs.
fn words(script: &str) -> BTreeSet<&str> {
    script
        .split(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)))
        .filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase()))
        .collect()
}

/// A script that is run with replaced tools still redirects for real.
fn writes_only_here(script: &str) {
    for (at, _) in script.match_indices('>') {
        let target = script[at + 1..].trim_start_matches(['>', ' ', '"']);
        let fine = ["/dev/null", "/root/bewit"]
            .iter()
            .any(|start| target.starts_with(start));
        assert!(
            fine || !target.starts_with('/'),
            "a script of the catalog writes to {target}"
        );
    }
}
