// What the alert's keywords mean, for people who meet them here first. docs/alert.md has all of it.

export const tables = {
  matched_by: {
    rule: "for this very rule, found by its name",
    former_name: "for this very rule, found by a name it had before",
    message: "for the rule whose message begins like this one",
    behaviour: "for what the rule seems to be about",
    technique: "for a behaviour of the ATT&CK technique among its tags",
    source: "for any alert of this event source",
    generic: "for any alert",
  },
  disposition: {
    suspicious: "nothing explains it convincingly.",
    likely_benign: "an innocent cause that people keep meeting fits, and enough speaks for it.",
    expected: "the organisation declared it so.",
    test: "somebody tests the alerting.",
    operational: "Falco speaks of itself.",
  },
  phase: {
    inspect: "look, change nothing",
    contain: "stop the damage",
    eradicate: "remove the cause",
    harden: "make it impossible next time",
  },
  effect: {
    "read-only": "changes nothing",
    changes: "can be undone, and no service stops",
    disrupts: "a service stops, or data goes",
  },
  where: {
    workstation: "a client with credentials",
    node: "root on the event's host",
    falco: "where Falco's configuration is",
  },
  from: {
    tag: "the rule's author says so",
    catalog: "bewit says so",
    both: "the rule's author and bewit say so",
  },
};

/** Severities, the most urgent first. */
export const LEVELS = ["critical", "high", "medium", "low"];

/** `1 line`, `2 lines`. */
export function count(number, thing) {
  return `${number.toLocaleString("en")} ${thing}${number === 1 ? "" : "s"}`;
}

/** Bytes for people. */
export function size(bytes) {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
