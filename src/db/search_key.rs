//! What a client is found by, and where it stands among those of its tenant: its name key, and on a line below it the suffix of
//! its identifier. A column that the database makes of these, so it is not in the schema of what is written.

use diesel::backend::Backend;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::Text;

use super::expression::plain_expression;

/// `clients.search_key`. Not `diesel::dsl::sql`: statements with that are prepared anew each time.
#[derive(Clone, Copy, Debug, QueryId)]
pub(super) struct SearchKey;

plain_expression!(SearchKey -> Text);

impl<DB: Backend> QueryFragment<DB> for SearchKey {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_identifier("clients")?;
        out.push_sql(".");
        out.push_identifier("search_key")
    }
}
