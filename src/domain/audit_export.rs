//! Audit events written down for other programs: as CSV (RFC 4180) and as JSON Lines.

use serde::Serialize;
use serde_json::value::RawValue;

use super::audit::AuditEvent;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    Csv,
    JsonLines,
}

impl ExportFormat {
    /// The word of the form and of the command line; also the ending of a file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::JsonLines => "JSON Lines",
        }
    }

    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::JsonLines => "application/jsonl; charset=utf-8",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Csv, Self::JsonLines].into_iter().find(|format| format.as_str() == text)
    }

    /// What stands before the first event.
    pub fn head(self) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Csv => in_csv(std::iter::once(COLUMNS.map(ToOwned::to_owned))),
            Self::JsonLines => Ok(Vec::new()),
        }
    }

    pub fn write(self, events: &[AuditEvent]) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Csv => in_csv(events.iter().map(row)),
            Self::JsonLines => {
                let mut lines = Vec::new();
                for event in events {
                    serde_json::to_writer(&mut lines, &Line::of(event)?)?;
                    lines.push(b'\n');
                }
                Ok(lines)
            }
        }
    }
}

const COLUMNS: [&str; 16] = [
    "seq",
    "at",
    "tenant_id",
    "actor_id",
    "actor_name",
    "address",
    "action",
    "target_kind",
    "target_id",
    "target_name",
    "service_id",
    "client_uid",
    "target_version",
    "changes",
    "previous_hash",
    "hash",
];

fn in_csv(rows: impl Iterator<Item = [String; 16]>) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row)?;
    }
    Ok(writer.into_inner().map_err(csv::IntoInnerError::into_error)?)
}

fn row(event: &AuditEvent) -> [String; 16] {
    let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        event.seq.to_string(),
        event.at.precise(),
        or_empty(&event.tenant_id),
        or_empty(&event.actor_id),
        event.actor_name.clone(),
        event.address.clone(),
        event.action.clone(),
        event.target_kind.clone(),
        event.target_id.clone(),
        event.target_name.clone(),
        or_empty(&event.service_id),
        or_empty(&event.client_uid),
        event.target_version.map(|version| version.to_string()).unwrap_or_default(),
        event.changes.clone(),
        event.previous_hash.clone(),
        event.hash.clone(),
    ]
    .map(defused)
}

/// A spreadsheet takes a cell that begins so for a formula, and names are anybody's to choose.
fn defused(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

#[derive(Serialize)]
struct Line<'a> {
    seq: i64,
    at: String,
    tenant_id: Option<&'a str>,
    actor_id: Option<&'a str>,
    actor_name: &'a str,
    address: &'a str,
    action: &'a str,
    target_kind: &'a str,
    target_id: &'a str,
    target_name: &'a str,
    service_id: Option<&'a str>,
    client_uid: Option<&'a str>,
    target_version: Option<i32>,
    /// As stored, to the byte: the hash was made over it.
    changes: &'a RawValue,
    previous_hash: &'a str,
    hash: &'a str,
}

impl<'a> Line<'a> {
    fn of(event: &'a AuditEvent) -> anyhow::Result<Self> {
        Ok(Self {
            seq: event.seq,
            at: event.at.precise(),
            tenant_id: event.tenant_id.as_deref(),
            actor_id: event.actor_id.as_deref(),
            actor_name: &event.actor_name,
            address: &event.address,
            action: &event.action,
            target_kind: &event.target_kind,
            target_id: &event.target_id,
            target_name: &event.target_name,
            service_id: event.service_id.as_deref(),
            client_uid: event.client_uid.as_deref(),
            target_version: event.target_version,
            changes: serde_json::from_str(&event.changes)?,
            previous_hash: &event.previous_hash,
            hash: &event.hash,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    fn event(actor_name: &str, target_name: &str) -> AuditEvent {
        AuditEvent {
            seq: 7,
            at: Timestamp::from_micros(1_800_000_000_000_001),
            tenant_id: Some("t".into()),
            actor_id: None,
            actor_name: actor_name.into(),
            address: "192.0.2.1".into(),
            action: "service.updated".into(),
            target_kind: "service".into(),
            target_id: "s".into(),
            target_name: target_name.into(),
            service_id: Some("s".into()),
            client_uid: None,
            target_version: Some(2),
            changes: r#"[{"field":"Name","before":"a","after":"b"}]"#.into(),
            previous_hash: "00".into(),
            hash: "ff".into(),
        }
    }

    #[test]
    fn what_was_written_as_csv_is_read_back() {
        let names = [
            ("Dana", "A \"quoted\" shop, with a comma"),
            ("two\r\nlines", "Öl & Söhne"),
            ("=HYPERLINK(\"x\")", "+1"),
            ("-1", "@SUM(A1)"),
            ("\tx", "\rx"),
        ];
        let events = names.map(|(actor, target)| event(actor, target));
        let mut text = ExportFormat::Csv.head().unwrap();
        text.extend(ExportFormat::Csv.write(&events).unwrap());
        assert!(text.ends_with(b"ff\r\n"));
        let mut reader = csv::Reader::from_reader(text.as_slice());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let read: Vec<_> = rows.iter().map(|row| (&row[4], &row[9])).collect();
        let expected = [names[0], names[1], ("'=HYPERLINK(\"x\")", "'+1"), ("'-1", "'@SUM(A1)"), ("'\tx", "'\rx")];
        assert_eq!(read, expected);
        assert_eq!(&rows[0][1], "2027-01-15T08:00:00.000001Z");
        assert_eq!(&rows[0][13], events[0].changes);
    }

    #[test]
    fn each_line_of_json_is_an_event_with_its_changes_as_they_were_hashed() {
        let events = [event("=Dana", "one\ntwo"), event("Otis", "x")];
        let text = String::from_utf8(ExportFormat::JsonLines.write(&events).unwrap()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].contains(&events[0].changes));
        let first: serde_json::Value = serde_json::from_str(lines[0]).unwrap();
        assert_eq!(first["actor_name"], "=Dana");
        assert_eq!(first["target_name"], "one\ntwo");
        assert_eq!(first["changes"][0]["after"], "b");
    }
}
