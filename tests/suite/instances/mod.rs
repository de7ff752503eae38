//! Several instances of one deployment, each a process of its own, on one database and key file.

mod change_places;
mod do_each_job_once;
mod know_the_same;
mod serve_while_a_later_release_migrates;
mod start_together;

use crate::support::{Browser, Served};

/// A browser that a load balancer sends to another instance.
fn at(browser: &Browser, instance: &Served) -> Browser {
    browser.through(&instance.url)
}
