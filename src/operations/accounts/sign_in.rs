//! Signing in, and what slows guessing down: counts per account and per address, shared by all instances.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use zeroize::Zeroizing;

use super::super::{Error, Operations, Result, Target, Who, record};
use crate::crypto::hashing::sha256;
use crate::db::{self, Writer};
use crate::domain::account::{Account, PlainPassword};
use crate::domain::audit::AuditAction;
use crate::domain::id::{AccountId, TenantId};
use crate::domain::text::Email;

/// How many failures of one account, and from one address, are forgiven.
const PER_ACCOUNT: i32 = 5;
const PER_ADDRESS: i32 = 30;
/// How many codes one address may ask for.
const CODES_PER_ADDRESS: i32 = 10;
/// How many codes may be mailed to one person before an hour's pause, whoever asks for them.
const CODES_PER_PERSON: i32 = 5;
const CODES_PAUSE: Duration = Duration::from_secs(3_600);
/// How often one address may begin to register: each time costs a hash.
const REGISTRATIONS_PER_ADDRESS: i32 = 30;
/// Failures older than this no longer count.
const FORGET_AFTER: Duration = Duration::from_secs(15 * 60);
const LONGEST_BLOCK: Duration = Duration::from_secs(15 * 60);
/// Wrong second factors count for longer: six digits are few, and whoever tries them has the password already.
const FACTORS_COUNT_FOR: Duration = Duration::from_secs(24 * 3_600);

/// How long a bucket is blocked once it has so many failures: a minute, and twice as long with each one more.
fn block_for(failures: i32, forgiven: i32) -> Option<Duration> {
    let over = u32::try_from(failures - forgiven).ok()?;
    Some((Duration::from_secs(60) * 2u32.pow(over.min(8))).min(LONGEST_BLOCK))
}

pub(super) fn account_bucket(email_key: &str) -> String {
    format!("account:{}", sha256(email_key))
}

pub(super) fn confirming_bucket(account: AccountId) -> String {
    format!("confirming:{account}")
}

pub(super) fn codes_bucket(email_key: &str) -> String {
    format!("codes-to:{}", sha256(email_key))
}

/// A bucket for what comes from one address, or for IPv6 from one /64 network: whoever has one of its addresses has
/// them all.
pub(in crate::operations) fn address_bucket(kind: &str, address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(v6)) if v6.to_ipv4_mapped().is_none() => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{kind}:{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        Ok(ip) => format!("{kind}:{}", ip.to_canonical()),
        Err(_) => format!("{kind}:{address}"),
    }
}

/// What comes after the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The account belongs to a company.
    pub is_member: bool,
    /// A second factor is to be shown.
    pub needs_factor: bool,
}

impl Operations {
    /// The account, if the password is its own and it has been activated. The answer and its time are alike for a
    /// wrong password, an unknown address and an account that was not activated.
    pub fn sign_in(&self, email: &str, password: Zeroizing<String>, address: &str) -> Result<Option<AccountId>> {
        let key = email.trim().to_ascii_lowercase();
        // What is no address is nobody's, and not every text can be asked for on both databases.
        let found = match Email::parse(email) {
            Ok(email) => self.db.read(|reader| db::accounts::by_email(reader, &email.key()))?,
            Err(_) => None,
        };
        let found = found.filter(|(account, _)| account.activated_at.is_some());
        self.prove(&account_bucket(&key), found, password, address)
    }

    /// Whether the password is this account's; for sensitive acts. Failures count as they do at sign-in, those of the
    /// account apart: somebody who guesses at sign-in keeps nobody who is signed in from their work.
    pub fn confirm_password(&self, account: AccountId, password: Zeroizing<String>, address: &str) -> Result<bool> {
        let found = self.db.read(|reader| db::accounts::find(reader, account))?;
        Ok(self.prove(&confirming_bucket(account), Some(found), password, address)?.is_some())
    }

    /// How an account stands that has just been proved.
    pub fn standing(&self, account: AccountId) -> Result<Standing> {
        self.db.read(|reader| {
            let is_member = db::tenants::membership(reader, account, None)?.is_some();
            Ok(Standing { is_member, needs_factor: db::second_factors::is_set_up(reader, account)? })
        })
    }

    /// The company that a person belongs to; of several, the one joined first.
    pub fn company_of(&self, account: AccountId) -> Result<Option<TenantId>> {
        let member = self.db.read(|reader| db::tenants::membership(reader, account, None))?;
        Ok(member.map(|member| member.tenant_id))
    }

    fn prove(
        &self,
        account_bucket: &str,
        found: Option<(Account, String)>,
        password: Zeroizing<String>,
        address: &str,
    ) -> Result<Option<AccountId>> {
        let address_bucket = address_bucket("address", address);
        self.refuse_blocked(std::slice::from_ref(&address_bucket))?;
        // Counted before the password is looked at: of guesses sent all at once no more are looked at than of guesses
        // sent one after the other.
        let blocks = self.count(account_bucket, PER_ACCOUNT)?;
        let right = PlainPassword::claimed(password)
            .is_some_and(|password| self.passwords.matches(&password, found.as_ref().map(|(_, hash)| hash.as_str())));
        match found {
            Some((account, _)) if right => {
                self.db.write(|writer| db::throttles::clear(writer, account_bucket))?;
                Ok(Some(account.id))
            }
            found => {
                if let (Some((account, _)), true) = (&found, blocks) {
                    self.record_block(account, address)?;
                }
                self.count_from(&address_bucket)?;
                Ok(None)
            }
        }
    }

    /// Codes cost mail: one address may not ask for many.
    pub(super) fn count_code_request(&self, address: &str) -> Result<()> {
        self.count(&address_bucket("codes", address), CODES_PER_ADDRESS).map(drop)
    }

    /// Whether one more code may be mailed to this person. Asked for every address alike, and whoever asked is told
    /// nothing: the answer would tell who has an account. Call it first in a transaction: it locks the count.
    pub(super) fn may_mail_code(&self, writer: &mut Writer<'_>, email_key: &str) -> Result<bool> {
        let (bucket, now) = (codes_bucket(email_key), self.now());
        let mut asked = db::throttles::count_failure(writer, &bucket, now, now.minus(CODES_PAUSE))?;
        if db::throttles::blocked_until(writer, std::slice::from_ref(&bucket), now)?.is_some() {
            return Ok(false);
        }
        if asked > CODES_PER_PERSON {
            // The pause is over. What was asked for during it neither counts nor prolongs it: nobody can keep somebody
            // else from their mail for good.
            db::throttles::clear(writer, &bucket)?;
            asked = db::throttles::count_failure(writer, &bucket, now, now.minus(CODES_PAUSE))?;
        }
        if asked == CODES_PER_PERSON {
            db::throttles::block(writer, &bucket, now.plus(CODES_PAUSE))?;
        }
        Ok(true)
    }

    pub(super) fn count_registration(&self, address: &str) -> Result<()> {
        self.count(&address_bucket("registrations", address), REGISTRATIONS_PER_ADDRESS).map(drop)
    }

    pub(super) fn count_factor(&self, bucket: &str) -> Result<bool> {
        self.count_within(bucket, PER_ACCOUNT, FACTORS_COUNT_FOR)
    }

    /// Counts a failure from an address.
    pub(super) fn count_from(&self, address_bucket: &str) -> Result<()> {
        self.count(address_bucket, PER_ADDRESS).map(drop)
    }

    pub(super) fn refuse_blocked(&self, buckets: &[String]) -> Result<()> {
        match self.db.read(|reader| db::throttles::blocked_until(reader, buckets, self.now()))? {
            Some(until) => Err(Error::Blocked { until }),
            None => Ok(()),
        }
    }

    /// Counts one more try, unless the bucket is blocked: then it is refused and not counted. Answers whether the
    /// bucket is blocked from now on.
    pub(in crate::operations) fn count(&self, bucket: &str, forgiven: i32) -> Result<bool> {
        self.count_within(bucket, forgiven, FORGET_AFTER)
    }

    fn count_within(&self, bucket: &str, forgiven: i32, forget_after: Duration) -> Result<bool> {
        self.db.write(|writer| {
            let now = self.now();
            // Counting locks the bucket, so whoever was counted just before has set the block by the time we look.
            let failures = db::throttles::count_failure(writer, bucket, now, now.minus(forget_after))?;
            if let Some(until) = db::throttles::blocked_until(writer, &[bucket.to_owned()], now)? {
                return Err(Error::Blocked { until });
            }
            let Some(span) = block_for(failures, forgiven) else { return Ok(false) };
            db::throttles::block(writer, bucket, now.plus(span))?;
            Ok(true)
        })
    }

    pub(super) fn record_block(&self, account: &Account, address: &str) -> Result<()> {
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

    #[test]
    fn a_network_counts_as_one_address() {
        let bucket = |address| address_bucket("address", address);
        assert_eq!(bucket("192.0.2.7"), "address:192.0.2.7");
        assert_eq!(bucket("::ffff:192.0.2.7"), "address:192.0.2.7");
        assert_eq!(bucket("2001:db8:1:2:3:4:5:6"), "address:2001:db8:1:2::/64");
        assert_eq!(bucket("2001:db8:1:2::1"), bucket("2001:db8:1:2:ffff::9"));
        assert_ne!(bucket("2001:db8:1:2::1"), bucket("2001:db8:1:3::1"));
    }
}
