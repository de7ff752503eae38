//! Lists in pages: which rows, and the links to the others. The address bar holds the whole state.

use serde::Serialize;

pub const ROWS_PER_PAGE: i64 = 25;

pub struct Pager {
    pub first: u64,
    pub last: u64,
    pub total: u64,
    pub previous: Option<String>,
    pub next: Option<String>,
    pub pages: Vec<PageLink>,
}

pub struct PageLink {
    pub href: String,
    pub label: String,
    pub current: bool,
}

/// A column head that sorts.
pub struct SortHeader {
    pub label: &'static str,
    pub href: String,
    /// `none`, `ascending` or `descending`.
    pub direction: &'static str,
}

impl SortHeader {
    /// The head of a column. Following it sorts by the column, or turns the order round where it is sorted by already.
    /// `link` makes the address for an order.
    pub fn new(label: &'static str, current: bool, descending: bool, link: impl Fn(&'static str) -> String) -> Self {
        let next = if current && !descending { "descending" } else { "ascending" };
        let direction = match (current, descending) {
            (false, _) => "none",
            (true, false) => "ascending",
            (true, true) => "descending",
        };
        Self { label, href: link(next), direction }
    }
}

/// The row that a page, counted from 1, begins with.
pub fn offset(page: u32) -> i64 {
    i64::from(page.max(1) - 1) * ROWS_PER_PAGE
}

/// The number of the last page of so many rows.
pub fn last_page(total: i64) -> u32 {
    u32::try_from(total.unsigned_abs().div_ceil(ROWS_PER_PAGE.unsigned_abs())).unwrap_or(u32::MAX).max(1)
}

/// A page's rows of a list that is held whole.
pub fn slice<T>(all: &[T], page: u32) -> &[T] {
    let from = usize::try_from(offset(page)).unwrap_or(usize::MAX);
    let rest = all.get(from..).unwrap_or_default();
    rest.get(..ROWS_PER_PAGE as usize).unwrap_or(rest)
}

/// `link` makes the address of a page.
pub fn pager(page: u32, total: i64, link: impl Fn(u32) -> String) -> Pager {
    let total = u64::try_from(total).unwrap_or(0);
    let size = ROWS_PER_PAGE.unsigned_abs();
    let pages = u32::try_from(total.div_ceil(size)).unwrap_or(u32::MAX).max(1);
    let page = page.clamp(1, pages);
    let first = u64::from(page - 1) * size + 1;
    Pager {
        first: first.min(total),
        last: (first + size - 1).min(total),
        total,
        previous: (page > 1).then(|| link(page - 1)),
        next: (page < pages).then(|| link(page + 1)),
        pages: numbers(page, pages)
            .into_iter()
            .map(|number| match number {
                Some(number) => PageLink { href: link(number), label: number.to_string(), current: number == page },
                None => PageLink { href: String::new(), label: "…".into(), current: false },
            })
            .collect(),
    }
}

/// The first, the last and those around the current page; `None` stands for a gap.
fn numbers(page: u32, pages: u32) -> Vec<Option<u32>> {
    let mut shown = Vec::new();
    let mut before = 0;
    for number in (1..=pages).filter(|number| *number == 1 || *number == pages || number.abs_diff(page) <= 1) {
        if number - before > 1 {
            shown.push(None);
        }
        shown.push(Some(number));
        before = number;
    }
    shown
}

/// `path` with the query of `state`, without what is empty.
pub fn address(path: &str, state: &impl Serialize) -> String {
    let query = serde_html_form::to_string(state).unwrap_or_default();
    let kept: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && !pair.ends_with('=')).collect();
    if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_show_the_pages_near_by() {
        assert_eq!(numbers(1, 1), [Some(1)]);
        assert_eq!(numbers(1, 3), [Some(1), Some(2), Some(3)]);
        assert_eq!(numbers(5, 9), [Some(1), None, Some(4), Some(5), Some(6), None, Some(9)]);
    }

    #[test]
    fn rows_are_counted_from_one() {
        let link = |page| format!("?page={page}");
        let middle = pager(2, 60, link);
        assert_eq!((middle.first, middle.last, middle.total), (26, 50, 60));
        let empty = pager(1, 0, link);
        assert_eq!((empty.first, empty.last, empty.pages.len()), (0, 0, 1));
        assert_eq!(pager(99, 60, link).last, 60);
    }
}
