//! What is different between two pieces of evidence, line by line, and what each difference risks.

use similar::{ChangeTag, TextDiff};

use super::evidence::{ClientEvidence, Evidence, Fact};
use crate::domain::tenant::TENANT_MEMBER;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Low,
    Medium,
    High,
}

impl Level {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Low => "Low risk",
            Self::Medium => "Medium risk",
            Self::High => "High risk",
        }
    }
}

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The client it is at; `None` for the service itself.
    pub client: Option<String>,
    pub field: String,
    pub lines: Vec<Line>,
    pub level: Level,
    pub risk: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub kind: LineKind,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    Same,
    Added,
    Removed,
}

/// From one to the other; without `before` everything is new. What carries more risk comes first within a client.
pub fn differences(before: Option<&Evidence>, after: &Evidence) -> Vec<Difference> {
    let nothing = Evidence::default();
    let before = before.unwrap_or(&nothing);
    let mut all = of_facts(None, &before.service, &after.service);
    for client in &after.clients {
        let old = before.clients.iter().find(|old| old.uid == client.uid);
        let mut own = match old {
            Some(old) => of_facts(Some(&client.name), &old.facts, &client.facts),
            None => added(client),
        };
        own.sort_by_key(|difference| std::cmp::Reverse(difference.level));
        all.extend(own);
    }
    for old in &before.clients {
        if !after.clients.iter().any(|client| client.uid == old.uid) {
            all.push(Difference {
                client: Some(old.name.clone()),
                field: "Client".into(),
                lines: vec![Line { kind: LineKind::Removed, text: old.name.clone() }],
                level: Level::Low,
                risk: "A client is gone: what still signs in with it stops working.",
            });
        }
    }
    all
}

fn added(client: &ClientEvidence) -> Vec<Difference> {
    let mut all = vec![Difference {
        client: Some(client.name.clone()),
        field: "Client".into(),
        lines: vec![Line { kind: LineKind::Added, text: client.name.clone() }],
        level: Level::Medium,
        risk: "A new client: everything below is new.",
    }];
    all.extend(of_facts(Some(&client.name), &[], &client.facts));
    all
}

fn of_facts(client: Option<&String>, before: &[Fact], after: &[Fact]) -> Vec<Difference> {
    let value = |facts: &[Fact], label: &str| {
        facts.iter().find(|fact| fact.label == label).map_or(String::new(), |fact| fact.value.clone())
    };
    let gone = before.iter().filter(|old| !after.iter().any(|fact| fact.label == old.label));
    after
        .iter()
        .chain(gone)
        .map(|fact| fact.label.as_str())
        .filter_map(|label| difference(client, label, &value(before, label), &value(after, label)))
        .collect()
}

/// One field, from one value to another; `None` when nothing differs.
pub fn difference(client: Option<&String>, field: &str, before: &str, after: &str) -> Option<Difference> {
    if before == after {
        return None;
    }
    let lines = lines(before, after);
    let (level, risk) = risk(field, &lines);
    Some(Difference { client: client.cloned(), field: field.to_owned(), lines, level, risk })
}

fn lines(before: &str, after: &str) -> Vec<Line> {
    let kind = |tag| match tag {
        ChangeTag::Equal => LineKind::Same,
        ChangeTag::Insert => LineKind::Added,
        ChangeTag::Delete => LineKind::Removed,
    };
    // Every line ends alike, so that the last one doesn't differ by its end alone.
    let ended = |text: &str| if text.is_empty() { String::new() } else { format!("{text}\n") };
    let (before, after) = (ended(before), ended(after));
    let diff = TextDiff::from_lines(before.as_str(), after.as_str());
    diff.iter_all_changes()
        .map(|change| Line { kind: kind(change.tag()), text: change.value().trim_end_matches('\n').to_owned() })
        .collect()
}

fn risk(field: &str, lines: &[Line]) -> (Level, &'static str) {
    use Level::{High, Low, Medium};
    let added = |text: &str| lines.iter().any(|line| line.kind == LineKind::Added && line.text.contains(text));
    let adds = lines.iter().any(|line| line.kind == LineKind::Added);
    // What was something else before, not what is new altogether.
    let turned = adds && lines.iter().any(|line| line.kind == LineKind::Removed);
    match field {
        "Redirect URLs" if adds => (High, "Whoever controls a new address receives users' authorization codes."),
        "Redirect URLs" => (Low, "What still sends users to a removed address stops working."),
        "Logout redirect URLs" if adds => (Medium, "Users are sent to a new address after signing out."),
        "CORS origins" if adds => (Medium, "Scripts of a new origin may read the answers of the token endpoint."),
        "Grant types" if added("implicit") => (High, "Tokens travel through the browser's address (RFC 9700 §2.1.2)."),
        "Grant types" if added("client_credentials") => (High, "The client gets tokens on its own, without a user."),
        "Grant types" if added("refresh_token") => (Medium, "Access goes on while the user is away."),
        "Response types" if added("token") => (High, "More than a code comes back through the browser."),
        "Scopes" if adds => (Medium, "The client may ask for more."),
        "Require PKCE" if added("no") => (High, "A stolen authorization code can be used by whoever holds the secret."),
        "Require user consent" if turned && added("no") => (Medium, "Users are no longer asked."),
        "Tenant roles" | "Community roles" if added("Administrator") => {
            (High, "Whoever holds the client's secret has full rights over the resources.")
        }
        "Tenant roles" | "Community roles" if adds && !only_membership(lines) => {
            (Medium, "The client has more rights.")
        }
        "Subject" if turned => (Medium, "Users get other identifiers; a public one can be matched across services."),
        "Secrets" if added("never expires") => (Medium, "A leaked secret that never expires works for ever."),
        "Keys" if adds => (Medium, "Whoever holds the private half of a new key gets tokens as this client."),
        "Domain" if turned => (Medium, "Which hosts belong to the service is judged by it."),
        "Name" | "Logo" if turned => (Medium, "Users recognise the service by it when they consent."),
        "Status" if turned && added("Active") => (Medium, "It gets tokens again."),
        "Token lifetime (seconds)" => (Low, "A leaked token is good for that long."),
        _ => (Low, "For your information."),
    }
}

/// The one role that every client has says nothing.
fn only_membership(lines: &[Line]) -> bool {
    lines.iter().filter(|line| line.kind == LineKind::Added).all(|line| line.text == TENANT_MEMBER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(redirects: &str, scopes: &str) -> Evidence {
        let fact = |label: &str, value: &str| Fact { label: label.into(), value: value.into() };
        Evidence {
            service: vec![fact("Name", "Shop")],
            clients: vec![ClientEvidence {
                uid: "1".into(),
                name: "Till".into(),
                facts: vec![fact("Scopes", scopes), fact("Redirect URLs", redirects)],
            }],
        }
    }

    #[test]
    fn only_the_lines_that_differ_are_marked() {
        let before = evidence("https://a.example/cb\nhttps://b.example/cb", "openid");
        let after = evidence("https://a.example/cb\nhttps://c.example/cb", "openid");
        let found = differences(Some(&before), &after);
        assert_eq!(found.len(), 1);
        let kinds: Vec<_> = found[0].lines.iter().map(|line| (line.kind, line.text.as_str())).collect();
        assert_eq!(
            kinds,
            [
                (LineKind::Same, "https://a.example/cb"),
                (LineKind::Removed, "https://b.example/cb"),
                (LineKind::Added, "https://c.example/cb"),
            ]
        );
        assert_eq!(found[0].level, Level::High);
        assert!(differences(Some(&after), &after).is_empty());
    }

    #[test]
    fn what_carries_more_risk_comes_first() {
        let found =
            differences(Some(&evidence("https://a.example/cb", "openid")), &evidence("https://b.example/cb", "email"));
        let fields: Vec<_> = found.iter().map(|difference| difference.field.as_str()).collect();
        assert_eq!(fields, ["Redirect URLs", "Scopes"]);
    }

    #[test]
    fn a_removed_line_is_no_reason_to_fear() {
        let found = differences(
            Some(&evidence("https://a.example/cb\nhttps://b.example/cb", "")),
            &evidence("https://a.example/cb", ""),
        );
        assert_eq!(found[0].level, Level::Low);
    }

    #[test]
    fn clients_come_and_go() {
        let (none, one) =
            (Evidence { clients: Vec::new(), ..evidence("", "") }, evidence("https://a.example/cb", "openid"));
        assert!(differences(None, &one).iter().any(|difference| difference.field == "Client"));
        let gone = differences(Some(&one), &none);
        assert_eq!(gone.len(), 1);
        assert_eq!(gone[0].lines[0].kind, LineKind::Removed);
    }
}
