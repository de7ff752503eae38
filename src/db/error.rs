//! What can go wrong with the database, as its callers need to tell it apart.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no such row")]
    NotFound,
    /// A rule that the database keeps would be broken.
    #[error("conflict: {0:?}")]
    Conflict(Conflict),
    /// Gone, locked or overloaded; the same request may work later.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    #[error("database fault: {0}")]
    Bug(String),
}

/// Which rule, told from the constraint's name (PostgreSQL) or the column's (SQLite).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    ClientIdUsed,
    EmailTaken,
    SubmissionRepeated,
    IdentityTaken,
    Other,
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::NotFound => Self::NotFound,
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, details) => {
                let named = format!("{} {}", details.constraint_name().unwrap_or_default(), details.message());
                Self::Conflict(if named.contains("used_client_ids") || named.contains("clients_client_id") {
                    Conflict::ClientIdUsed
                } else if named.contains("email_key") {
                    Conflict::EmailTaken
                } else if named.contains("submissions") {
                    Conflict::SubmissionRepeated
                } else if named.contains("external_identities") {
                    Conflict::IdentityTaken
                } else {
                    Conflict::Other
                })
            }
            DieselError::DatabaseError(
                DatabaseErrorKind::SerializationFailure
                | DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::ReadOnlyTransaction,
                details,
            ) => Self::Unavailable(details.message().to_owned()),
            DieselError::DatabaseError(_, details) if is_passing(details.message()) => {
                Self::Unavailable(details.message().to_owned())
            }
            DieselError::BrokenTransactionManager => Self::Unavailable("a transaction broke".into()),
            other => Self::Bug(other.to_string()),
        }
    }
}

/// Diesel has no kind of its own for these; the texts are SQLite's and libpq's.
fn is_passing(message: &str) -> bool {
    [
        "database is locked",
        "database table is locked",
        "disk I/O error",
        "database or disk is full",
        "deadlock detected",
        "server closed the connection",
        "terminating connection",
        "no connection to the server",
        "could not connect",
        "Connection refused",
        "statement timeout",
        "lock timeout",
        "timeout expired",
        "could not receive data",
        "could not send data",
        "the database system is",
        "connection slots",
        "too many clients",
        "No space left on device",
        "unable to open database file",
    ]
    .iter()
    .any(|text| message.contains(text))
}
