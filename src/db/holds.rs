//! "Holds this text, in whatever place": a search that looks at very many rows. For use within `on_both!`; the connection's
//! enum doesn't know it.

use diesel::expression::Expression;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Bool, Text};
use diesel::sqlite::Sqlite;

use super::expression::plain_expression;
use super::like_literal;

/// `column LIKE` on both, with `\` as the escape character. PostgreSQL has that one anyway, and is not told: it would work it
/// into the pattern anew for every row.
#[derive(Clone, Debug, QueryId)]
pub(super) struct Holds<C> {
    column: C,
    pattern: String,
}

pub(super) fn holds<C>(column: C, text: &str) -> Holds<C>
where
    C: Expression<SqlType = Text>,
{
    Holds { column, pattern: format!("%{}%", like_literal(text)) }
}

plain_expression!(Holds<column> -> Bool);

impl<C: QueryFragment<Sqlite>> QueryFragment<Sqlite> for Holds<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" LIKE ");
        out.push_bind_param::<Text, _>(&self.pattern)?;
        out.push_sql(" ESCAPE '\\'");
        Ok(())
    }
}

impl<C: QueryFragment<Pg>> QueryFragment<Pg> for Holds<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" LIKE ");
        out.push_bind_param::<Text, _>(&self.pattern)
    }
}
