//! Signing in, and what slows guessing down: counts per account and per address, shared by all instances.

use std::time::Duration;

use zeroize::Zeroizing;

use super::super::{Error, Operations, Result, Target, Who, record};
use crate::crypto::hashing::sha256;
use crate::db;
use crate::domain::account::{Account, PlainPassword};
use crate::domain::audit::AuditAction;
use crate::domain::id::AccountId;

/// How many failures of one account, and from one address, are forgiven.
const PER_ACCOUNT: i32 = 5;
const PER_ADDRESS: i32 = 30;
/// How many codes one address may ask for.
const CODES_PER_ADDRESS: i32 = 10;
/// Failures older than this no longer count.
const FORGET_AFTER: Duration = Duration::from_secs(15 * 60);
const LONGEST_BLOCK: Duration = Duration::from_secs(15 * 60);

/// How long a bucket is blocked once it has so many failures: a minute, and twice as long with each one more.
fn block_for(failures: i32, forgiven: i32) -> Option<Duration> {
    let over = u32::try_from(failures - forgiven).ok()?;
    Some((Duration::from_secs(60) * 2u32.pow(over.min(8))).min(LONGEST_BLOCK))
}

fn account_bucket(email_key: &str) -> String {
    format!("account:{}", sha256(email_key))
}

fn address_bucket(address: &str) -> String {
    format!("address:{address}")
}

impl Operations {
    /// The account, if the password is its own and it has been activated. The answer and its time are alike for a
    /// wrong password, an unknown address and an account that was not activated.
    pub fn sign_in(&self, email: &str, password: Zeroizing<String>, address: &str) -> Result<Option<AccountId>> {
        let key = email.trim().to_ascii_lowercase();
        let found = self.db.read(|reader| db::accounts::by_email(reader, &key))?;
        let found = found.filter(|(account, _)| account.activated_at.is_some());
        self.prove(&key, found, password, address)
    }

    /// Whether the password is this account's; for sensitive acts. Failures count as they do at sign-in.
    pub fn confirm_password(&self, account: AccountId, password: Zeroizing<String>, address: &str) -> Result<bool> {
        let found = self.db.read(|reader| db::accounts::find(reader, account))?;
        let key = found.0.email.key();
        Ok(self.prove(&key, Some(found), password, address)?.is_some())
    }

    fn prove(
        &self,
        key: &str,
        found: Option<(Account, String)>,
        password: Zeroizing<String>,
        address: &str,
    ) -> Result<Option<AccountId>> {
        let (account_bucket, address_bucket) = (account_bucket(key), address_bucket(address));
        self.refuse_blocked(std::slice::from_ref(&address_bucket))?;
        // Counted before the password is looked at: of guesses sent all at once no more are looked at than of guesses
        // sent one after the other.
        let blocks = self.count(&account_bucket, PER_ACCOUNT)?;
        let right = PlainPassword::claimed(password)
            .is_some_and(|password| self.passwords.matches(&password, found.as_ref().map(|(_, hash)| hash.as_str())));
        match found {
            Some((account, _)) if right => {
                self.db.write(|writer| db::throttles::clear(writer, &account_bucket))?;
                Ok(Some(account.id))
            }
            found => {
                if let (Some((account, _)), true) = (&found, blocks) {
                    self.record_block(account, address)?;
                }
                self.count(&address_bucket, PER_ADDRESS)?;
                Ok(None)
            }
        }
    }

    /// Codes cost mail: one address may not ask for many.
    pub(super) fn count_code_request(&self, address: &str) -> Result<()> {
        self.count(&format!("codes:{address}"), CODES_PER_ADDRESS).map(drop)
    }

    fn refuse_blocked(&self, buckets: &[String]) -> Result<()> {
        match self.db.read(|reader| db::throttles::blocked_until(reader, buckets, self.now()))? {
            Some(until) => Err(Error::Blocked { until }),
            None => Ok(()),
        }
    }

    /// Counts one more try, unless the bucket is blocked: then it is refused and not counted. Answers whether the
    /// bucket is blocked from now on.
    fn count(&self, bucket: &str, forgiven: i32) -> Result<bool> {
        self.db.write(|writer| {
            let now = self.now();
            // Counting locks the bucket, so whoever was counted just before has set the block by the time we look.
            let failures = db::throttles::count_failure(writer, bucket, now, now.minus(FORGET_AFTER))?;
            if let Some(until) = db::throttles::blocked_until(writer, &[bucket.to_owned()], now)? {
                return Err(Error::Blocked { until });
            }
            let Some(span) = block_for(failures, forgiven) else { return Ok(false) };
            db::throttles::block(writer, bucket, now.plus(span))?;
            Ok(true)
        })
    }

    fn record_block(&self, account: &Account, address: &str) -> Result<()> {
        self.db.write(|writer| {
            let tenant = db::tenants::membership(writer, account.id, None)?.map(|member| member.tenant_id);
            let who = Who::Visitor { id: None, name: "Somebody", address, tenant };
            let target = Target::Account { id: account.id.to_string(), name: &account.name };
            record(writer, self.now(), who, AuditAction::SignInBlocked, &target, &[])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_double_and_end() {
        let minutes = |failures| block_for(failures, 5).map(|span| span.as_secs() / 60);
        assert_eq!(
            [4, 5, 6, 7, 8, 9, 100].map(minutes),
            [None, Some(1), Some(2), Some(4), Some(8), Some(15), Some(15)]
        );
    }
}
