//! A Kubernetes API server that has every kind and knows every object, so that kubectl goes all its way.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};

use crate::collect::NO_PROCESS;

/// Group and version, plural, kind, namespaced, short names.
const RESOURCES: [(&str, &str, &str, bool, &[&str]); 35] = [
    ("v1", "configmaps", "ConfigMap", true, &["cm"]),
    ("v1", "endpoints", "Endpoints", true, &["ep"]),
    ("v1", "events", "Event", true, &["ev"]),
    ("v1", "limitranges", "LimitRange", true, &["limits"]),
    ("v1", "namespaces", "Namespace", false, &["ns"]),
    ("v1", "nodes", "Node", false, &["no"]),
    ("v1", "persistentvolumeclaims", "PersistentVolumeClaim", true, &["pvc"]),
    ("v1", "persistentvolumes", "PersistentVolume", false, &["pv"]),
    ("v1", "pods", "Pod", true, &["po"]),
    ("v1", "replicationcontrollers", "ReplicationController", true, &["rc"]),
    ("v1", "resourcequotas", "ResourceQuota", true, &["quota"]),
    ("v1", "secrets", "Secret", true, &[]),
    ("v1", "serviceaccounts", "ServiceAccount", true, &["sa"]),
    ("v1", "services", "Service", true, &["svc"]),
    ("apps/v1", "daemonsets", "DaemonSet", true, &["ds"]),
    ("apps/v1", "deployments", "Deployment", true, &["deploy"]),
    ("apps/v1", "replicasets", "ReplicaSet", true, &["rs"]),
    ("apps/v1", "statefulsets", "StatefulSet", true, &["sts"]),
    ("batch/v1", "cronjobs", "CronJob", true, &["cj"]),
    ("batch/v1", "jobs", "Job", true, &[]),
    (
        "networking.k8s.io/v1",
        "networkpolicies",
        "NetworkPolicy",
        true,
        &["netpol"],
    ),
    ("networking.k8s.io/v1", "ingresses", "Ingress", true, &["ing"]),
    ("discovery.k8s.io/v1", "endpointslices", "EndpointSlice", true, &[]),
    (
        "policy/v1",
        "poddisruptionbudgets",
        "PodDisruptionBudget",
        true,
        &["pdb"],
    ),
    ("rbac.authorization.k8s.io/v1", "roles", "Role", true, &[]),
    ("rbac.authorization.k8s.io/v1", "rolebindings", "RoleBinding", true, &[]),
    (
        "rbac.authorization.k8s.io/v1",
        "clusterroles",
        "ClusterRole",
        false,
        &[],
    ),
    (
        "rbac.authorization.k8s.io/v1",
        "clusterrolebindings",
        "ClusterRoleBinding",
        false,
        &[],
    ),
    (
        "certificates.k8s.io/v1",
        "certificatesigningrequests",
        "CertificateSigningRequest",
        false,
        &["csr"],
    ),
    (
        "admissionregistration.k8s.io/v1",
        "validatingwebhookconfigurations",
        "ValidatingWebhookConfiguration",
        false,
        &[],
    ),
    (
        "admissionregistration.k8s.io/v1",
        "mutatingwebhookconfigurations",
        "MutatingWebhookConfiguration",
        false,
        &[],
    ),
    (
        "admissionregistration.k8s.io/v1",
        "validatingadmissionpolicies",
        "ValidatingAdmissionPolicy",
        false,
        &[],
    ),
    (
        "admissionregistration.k8s.io/v1",
        "validatingadmissionpolicybindings",
        "ValidatingAdmissionPolicyBinding",
        false,
        &[],
    ),
    (
        "apiextensions.k8s.io/v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        false,
        &["crd", "crds"],
    ),
    ("metrics.k8s.io/v1beta1", "pods", "PodMetrics", true, &[]),
];

/// Serves until the test ends; returns the address.
pub(crate) fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that goes away takes nobody with it.
            std::thread::spawn(move || drop(answer(stream)));
        }
    });
    address
}

fn answer(stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if header.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut words = request.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = target.split('?').next().unwrap_or_default();
    let (status, kind, text) = if path.ends_with("/log") {
        ("200 OK", "text/plain", "sample\n".to_owned())
    } else if path.ends_with("/exec") || path.ends_with("/attach") || path.ends_with("/portforward") {
        // Whoever gets here has said all that kubectl needs.
        ("500 Internal Server Error", "text/plain", "no streams here".to_owned())
    } else if let Some(value) = object(method, path.trim_matches('/')) {
        ("200 OK", "application/json", value.to_string())
    } else {
        let value = json!({
            "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404, "reason": "NotFound",
            "message": format!("there is no {path}"),
        });
        ("404 Not Found", "application/json", value.to_string())
    };
    let mut stream = reader.into_inner();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    )
}

fn object(method: &str, path: &str) -> Option<Value> {
    let parts: Vec<&str> = path.split('/').collect();
    let (version, rest) = match parts.as_slice() {
        ["version"] => return Some(json!({"major": "1", "minor": "35", "gitVersion": "v1.35.0"})),
        ["api"] => return Some(json!({"kind": "APIVersions", "versions": ["v1"]})),
        ["apis"] => return Some(groups()),
        ["api", version, rest @ ..] => ((*version).to_owned(), rest),
        ["apis", group, version, rest @ ..] => (format!("{group}/{version}"), rest),
        _ => return None,
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (*namespace, rest),
        _ => ("default", rest),
    };
    let (plural, name) = match rest {
        [] => return resources(&version),
        ["selfsubjectaccessreviews"] => {
            return Some(
                json!({"kind": "SelfSubjectAccessReview", "apiVersion": version, "status": {"allowed": true}}),
            );
        }
        ["selfsubjectrulesreviews"] => {
            let status = json!({"resourceRules": [], "nonResourceRules": [], "incomplete": false});
            return Some(json!({"kind": "SelfSubjectRulesReview", "apiVersion": version, "status": status}));
        }
        ["serviceaccounts", _, "token"] => {
            let status = json!({"token": "sample", "expirationTimestamp": "2026-04-13T17:57:43Z"});
            return Some(json!({"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "status": status}));
        }
        [_, name, "scale"] => {
            let meta = json!({"name": name, "namespace": namespace, "resourceVersion": "1"});
            return Some(
                json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": meta, "spec": {"replicas": 1}}),
            );
        }
        [plural] => (*plural, None),
        [plural, name, ..] => (*plural, Some(*name)),
    };
    let kind = RESOURCES.iter().find(|r| r.0 == version && r.1 == plural)?.2;
    // kubectl waits for what it deletes to be gone, or to be another.
    match (method, name) {
        ("DELETE", _) => Some(json!({
            "kind": "Status", "apiVersion": "v1", "status": "Success", "details": {"name": name, "uid": "the-deleted"},
        })),
        (_, Some(name)) => Some(item(&version, kind, namespace, name)),
        (_, None) => Some(json!({
            "kind": format!("{kind}List"), "apiVersion": version, "metadata": {"resourceVersion": "1"},
            // helm reads its releases from secrets; this namespace has none.
            "items": if kind == "Secret" { vec![] } else { ["cart", "shop"].iter().map(|name| item(&version, kind, namespace, name)).collect() },
        })),
    }
}

/// An object that has what kubectl looks at.
fn item(version: &str, kind: &str, namespace: &str, name: &str) -> Value {
    let containers = json!([{"name": "falco", "image": "falco"}, {"name": "sample", "image": "sample"}]);
    let mut value = json!({
        "kind": kind, "apiVersion": version,
        "metadata": {
            "name": name, "namespace": namespace, "uid": "there", "resourceVersion": "1",
            "creationTimestamp": "2026-04-13T17:57:43Z", "labels": {"app": "cart"},
        },
    });
    match kind {
        "Pod" => {
            value["spec"] = json!({"containers": containers, "nodeName": "node-1", "serviceAccountName": "cart"});
            value["status"] = json!({"phase": "Running"});
        }
        "PodMetrics" => {
            value["timestamp"] = json!("2026-04-13T17:57:43Z");
            value["window"] = json!("15s");
            value["containers"] = json!([{"name": "sample", "usage": {"cpu": "1m", "memory": "1Mi"}}]);
        }
        "Deployment" | "DaemonSet" | "StatefulSet" | "ReplicaSet" => {
            value["spec"] = json!({
                "selector": {"matchLabels": {"app": "cart"}},
                "template": {"metadata": {"labels": {"app": "cart"}}, "spec": {"containers": containers}},
            });
        }
        "Node" => value["spec"] = json!({"providerID": format!("aws:///eu-west-1a/i-{NO_PROCESS}")}),
        _ => {}
    }
    value
}

fn groups() -> Value {
    let mut groups: Vec<Value> = Vec::new();
    let versions = RESOURCES
        .iter()
        .map(|r| r.0)
        .chain(["authorization.k8s.io/v1", "autoscaling/v1"]);
    for version in versions {
        let Some((group, number)) = version.split_once('/') else {
            continue;
        };
        let value = json!({"groupVersion": version, "version": number});
        if !groups.iter().any(|g| g["name"] == group) {
            groups.push(json!({"name": group, "versions": [value], "preferredVersion": value}));
        }
    }
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

fn resources(version: &str) -> Option<Value> {
    let verbs = [
        "create",
        "delete",
        "deletecollection",
        "get",
        "list",
        "patch",
        "update",
        "watch",
    ];
    let mut resources = Vec::new();
    for (_, plural, kind, namespaced, short) in RESOURCES.iter().filter(|r| r.0 == version) {
        resources.push(json!({
            "name": plural, "singularName": kind.to_lowercase(), "namespaced": namespaced, "kind": kind,
            "verbs": verbs, "shortNames": short,
        }));
        if version == "apps/v1" {
            resources.push(json!({
                "name": format!("{plural}/scale"), "singularName": "", "namespaced": true, "kind": "Scale",
                "group": "autoscaling", "version": "v1", "verbs": ["get", "patch", "update"],
            }));
        }
    }
    let subresources = [
        ("v1", "pods/exec", "PodExecOptions"),
        ("v1", "pods/log", "Pod"),
        ("v1", "pods/attach", "PodAttachOptions"),
        ("v1", "pods/eviction", "Eviction"),
        ("v1", "pods/ephemeralcontainers", "Pod"),
    ];
    for (_, name, kind) in subresources.iter().filter(|r| r.0 == version) {
        resources.push(
            json!({"name": name, "singularName": "", "namespaced": true, "kind": kind, "verbs": ["create", "get"]}),
        );
    }
    Some(json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}))
}
