//! "One of these texts", as a statement that is prepared once however many they are. Diesel's own `eq_any` writes a list of
//! parameters for SQLite, so each length is another statement, and none of them is kept. For what is asked for often, by
//! `Reader::all` or within `on_both!`; the connection's enum doesn't know it.

use diesel::expression::Expression;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, Bool, Text};
use diesel::sqlite::Sqlite;

use super::expression::plain_expression;
use super::json_list;

/// `column = ANY ($1)` on PostgreSQL, `column IN (SELECT value FROM json_each(?))` on SQLite. Never true of no texts.
#[derive(Clone, Debug, QueryId)]
pub(super) struct AnyOf<C> {
    column: C,
    texts: Vec<String>,
    json: String,
}

pub(super) fn any_of<C>(column: C, texts: impl IntoIterator<Item = impl ToString>) -> AnyOf<C>
where
    C: Expression<SqlType = Text>,
{
    let texts: Vec<String> = texts.into_iter().map(|text| text.to_string()).collect();
    let json = json_list(texts.iter());
    AnyOf { column, texts, json }
}

plain_expression!(AnyOf<column> -> Bool);

impl<C: QueryFragment<Sqlite>> QueryFragment<Sqlite> for AnyOf<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN (SELECT value FROM json_each(");
        out.push_bind_param::<Text, _>(&self.json)?;
        out.push_sql("))");
        Ok(())
    }
}

impl<C: QueryFragment<Pg>> QueryFragment<Pg> for AnyOf<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" = ANY (");
        out.push_bind_param::<Array<Text>, _>(&self.texts)?;
        out.push_sql(")");
        Ok(())
    }
}
