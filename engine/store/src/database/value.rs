//! Values as statements take them and rows hold them, whatever the database.

/// A value on its way into a statement. A null has a type too: PostgreSQL asks for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Param<'a> {
    /// An integer; booleans are 0 and 1.
    Number(Option<i64>),
    /// A text.
    Text(Option<&'a str>),
    /// Bytes.
    Bytes(Option<&'a [u8]>),
    /// Integers for `json_each(?)`.
    Numbers(&'a [i64]),
    /// Texts for `json_each(?)`.
    Texts(&'a [String]),
}

/// A value that is kept: in a row that was read, or until a statement is executed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Value {
    /// An integer, or any null that was read.
    Number(Option<i64>),
    /// A text.
    Text(Option<String>),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
    /// Integers.
    Numbers(Vec<i64>),
    /// Texts.
    Texts(Vec<String>),
}

impl Value {
    /// A null that was read.
    pub(crate) const NULL: Self = Self::Number(None);
}

impl From<Param<'_>> for Value {
    fn from(param: Param<'_>) -> Self {
        match param {
            Param::Number(number) => Self::Number(number),
            Param::Text(text) => Self::Text(text.map(str::to_owned)),
            Param::Bytes(bytes) => Self::Bytes(bytes.map(<[u8]>::to_vec)),
            Param::Numbers(numbers) => Self::Numbers(numbers.to_vec()),
            Param::Texts(texts) => Self::Texts(texts.to_vec()),
        }
    }
}

/// What a statement can take.
pub(crate) trait ToParam {
    /// Its null.
    const NULL: Param<'static>;

    /// The value.
    fn param(&self) -> Param<'_>;
}

impl<T: ToParam + ?Sized> ToParam for &T {
    const NULL: Param<'static> = T::NULL;

    fn param(&self) -> Param<'_> {
        T::param(self)
    }
}

impl<T: ToParam> ToParam for Option<T> {
    const NULL: Param<'static> = T::NULL;

    fn param(&self) -> Param<'_> {
        self.as_ref().map_or(T::NULL, T::param)
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl ToParam for $number {
            const NULL: Param<'static> = Param::Number(None);

            fn param(&self) -> Param<'_> {
                Param::Number(Some(i64::from(*self)))
            }
        })*
    };
}
numbers!(i64, i32, u32, u16, u8, bool);

impl ToParam for str {
    const NULL: Param<'static> = Param::Text(None);

    fn param(&self) -> Param<'_> {
        Param::Text(Some(self))
    }
}

impl ToParam for String {
    const NULL: Param<'static> = Param::Text(None);

    fn param(&self) -> Param<'_> {
        Param::Text(Some(self))
    }
}

impl ToParam for [u8] {
    const NULL: Param<'static> = Param::Bytes(None);

    fn param(&self) -> Param<'_> {
        Param::Bytes(Some(self))
    }
}

impl ToParam for Vec<u8> {
    const NULL: Param<'static> = Param::Bytes(None);

    fn param(&self) -> Param<'_> {
        Param::Bytes(Some(self))
    }
}

impl<const N: usize> ToParam for [u8; N] {
    const NULL: Param<'static> = Param::Bytes(None);

    fn param(&self) -> Param<'_> {
        Param::Bytes(Some(self))
    }
}

impl ToParam for Vec<i64> {
    const NULL: Param<'static> = Param::Numbers(&[]);

    fn param(&self) -> Param<'_> {
        Param::Numbers(self)
    }
}

impl ToParam for [String] {
    const NULL: Param<'static> = Param::Texts(&[]);

    fn param(&self) -> Param<'_> {
        Param::Texts(self)
    }
}

/// The values of a statement, in the order of its parameters.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        &[$($crate::database::value::ToParam::param(&$value)),*][..]
    };
}
pub(crate) use values;

/// What a column can be read as.
pub(crate) trait Cell: Sized {
    /// The value as this type, unless it is of another one.
    fn of(value: Value) -> Option<Self>;
}

impl<T: Cell> Cell for Option<T> {
    fn of(value: Value) -> Option<Self> {
        match value {
            Value::Number(None) | Value::Text(None) | Value::Bytes(None) => Some(None),
            other => T::of(other).map(Some),
        }
    }
}

impl Cell for i64 {
    fn of(value: Value) -> Option<Self> {
        if let Value::Number(number) = value { number } else { None }
    }
}

impl Cell for bool {
    fn of(value: Value) -> Option<Self> {
        i64::of(value).map(|number| number != 0)
    }
}

impl Cell for String {
    fn of(value: Value) -> Option<Self> {
        if let Value::Text(text) = value { text } else { None }
    }
}

impl Cell for Vec<u8> {
    fn of(value: Value) -> Option<Self> {
        if let Value::Bytes(bytes) = value { bytes } else { None }
    }
}

/// A row that was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row(pub(crate) Vec<Value>);
