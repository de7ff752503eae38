//! What an expression of our own has to say to Diesel beside its SQL: its type, and that it may stand wherever what it is made
//! of may.

/// `plain_expression!(AnyOf<column> -> Bool)` for one that is made of a column, `plain_expression!(SearchKey -> Text)` for one
/// that stands for itself.
macro_rules! plain_expression {
    ($name:ident<column> -> $type:ty) => {
        impl<C: diesel::Expression> diesel::Expression for $name<C> {
            type SqlType = $type;
        }
        impl<C: diesel::AppearsOnTable<From>, From> diesel::AppearsOnTable<From> for $name<C> {}
        impl<C: diesel::SelectableExpression<From>, From> diesel::SelectableExpression<From> for $name<C> {}
        impl<C, G> diesel::expression::ValidGrouping<G> for $name<C> {
            type IsAggregate = diesel::expression::is_aggregate::No;
        }
    };
    ($name:ident -> $type:ty) => {
        impl diesel::Expression for $name {
            type SqlType = $type;
        }
        impl<From> diesel::AppearsOnTable<From> for $name {}
        impl<From> diesel::SelectableExpression<From> for $name {}
        impl<G> diesel::expression::ValidGrouping<G> for $name {
            type IsAggregate = diesel::expression::is_aggregate::No;
        }
    };
}

pub(super) use plain_expression;
