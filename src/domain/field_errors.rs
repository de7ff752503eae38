//! What is wrong with a form, field by field, in the order in which the form asks.

/// One fault of one field. `label` is the field's label on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    pub field: &'static str,
    pub label: &'static str,
    pub message: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    pub fn one(field: &'static str, label: &'static str, message: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(field, label, message);
        errors
    }

    pub fn add(&mut self, field: &'static str, label: &'static str, message: impl Into<String>) {
        self.0.push(FieldError { field, label, message: message.into() });
    }

    /// Keeps a good value; notes the fault of a bad one and carries on with the next field.
    pub fn take<T, E: ToString>(
        &mut self,
        field: &'static str,
        label: &'static str,
        parsed: Result<T, E>,
    ) -> Option<T> {
        parsed.map_err(|fault| self.add(field, label, fault.to_string())).ok()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &FieldError> {
        self.0.iter()
    }

    pub fn of(&self, field: &str) -> impl Iterator<Item = &FieldError> {
        self.0.iter().filter(move |error| error.field == field)
    }
}
