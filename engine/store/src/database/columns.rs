//! The columns of a row, taken one after the other, with the checks that stored codes need.

use engine::connector::Status;
use engine::store::Lane;

use super::error::Error;
use super::value::{Cell, Row, Value};

const LANES: [Lane; 3] = [Lane::Escalation, Lane::Interactive, Lane::Bulk];
const STATUSES: [Status; 7] =
    [Status::Accepted, Status::Sent, Status::Failed, Status::Delivered, Status::Read, Status::Played, Status::Received];

/// Takes the columns of a row one after the other.
pub(crate) struct Columns {
    values: std::vec::IntoIter<Value>,
    taken: usize,
}

impl Columns {
    /// Starts at the first column.
    pub(crate) fn of(row: Row) -> Self {
        Self { values: row.0.into_iter(), taken: 0 }
    }

    /// The next column.
    pub(crate) fn take<T: Cell>(&mut self) -> Result<T, Error> {
        let (column, value) = (self.taken, self.values.next());
        self.taken += 1;
        value.and_then(T::of).ok_or_else(|| {
            Error::Unfit(format!("column {column} of a row is missing, or holds another type than the schema gives it"))
        })
    }

    pub(crate) fn id<T>(&mut self, id: impl Fn(i64) -> T) -> Result<T, Error> {
        self.take().map(id)
    }

    pub(crate) fn maybe<T>(&mut self, id: impl Fn(i64) -> T) -> Result<Option<T>, Error> {
        Ok(self.take::<Option<i64>>()?.map(id))
    }

    /// A blob of exactly `N` bytes.
    pub(crate) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let bytes: Vec<u8> = self.take()?;
        bytes
            .as_slice()
            .try_into()
            .map_err(|_| Error::Unfit(format!("a key of {} bytes where {N} are expected", bytes.len())))
    }

    /// A small number.
    pub(crate) fn small<T: TryFrom<i64>>(&mut self, table: &'static str, column: &'static str) -> Result<T, Error> {
        let code: i64 = self.take()?;
        T::try_from(code).map_err(|_| Error::Code { table, column, code })
    }

    /// How urgent.
    pub(crate) fn lane(&mut self, table: &'static str) -> Result<Lane, Error> {
        lane(table, self.take()?)
    }

    /// How far a message got.
    pub(crate) fn status(&mut self) -> Result<Status, Error> {
        self.code("message", "status", &STATUSES, |status| status as i64)
    }

    /// One of the `known` codes.
    pub(crate) fn code<T: Copy>(
        &mut self,
        table: &'static str,
        column: &'static str,
        codes: &[T],
        number: impl Fn(T) -> i64,
    ) -> Result<T, Error> {
        known(table, column, self.take()?, codes, number)
    }
}

/// The lane whose code is in `table`.
pub(crate) fn lane(table: &'static str, code: i64) -> Result<Lane, Error> {
    known(table, "lane", code, &LANES, |lane| lane as i64)
}

fn known<T: Copy>(
    table: &'static str,
    column: &'static str,
    code: i64,
    codes: &[T],
    number: impl Fn(T) -> i64,
) -> Result<T, Error> {
    let found = codes.iter().copied().find(|value| number(*value) == code);
    found.ok_or(Error::Code { table, column, code })
}
