//! A customer's cart as an [`Order`]: the total is ours, and exact.

use engine::trigger::{Order, OrderItem};
use serde_json::Value;

use super::read;

/// Sums are made in millionths, so that 2 × 19.9 is 39.8 and nothing else.
const MICROS: f64 = 1_000_000.0;
/// The greatest price that is believed, in major units: above it a double no longer holds millionths.
const MOST: f64 = 1e9;

/// The order of message `id`.
///
/// # Errors
/// When there is no order, or a line lacks its product, quantity or price: a total that is too low would be worse
/// than none.
pub(super) fn read(id: &str, message: &Value) -> Result<Order, String> {
    let order = message.get("order").filter(|order| order.is_object()).ok_or("an order message without `order`")?;
    let lines = order.get("product_items").and_then(Value::as_array).ok_or("an order without `product_items`")?;
    let mut items = Vec::with_capacity(lines.len());
    let mut total: i128 = 0;
    for (place, line) in (1..).zip(lines) {
        let (item, micros) = line_of(line).map_err(|why| format!("order line {place}: {why}"))?;
        total += micros * i128::from(item.quantity);
        items.push(item);
    }
    Ok(Order {
        id: id.to_owned(),
        total: major(total),
        currency: items.first().map(|item| item.currency.clone()).unwrap_or_default(),
        catalog_id: read::text(order, "catalog_id").unwrap_or_default(),
        note: read::text(order, "text").unwrap_or_default(),
        items,
    })
}

/// One line, and its price in millionths.
fn line_of(line: &Value) -> Result<(OrderItem, i128), &'static str> {
    let sku = read::text(line, "product_retailer_id").ok_or("no `product_retailer_id`")?;
    let quantity = line.get("quantity").and_then(read::number).ok_or("`quantity` is not a number")?;
    if quantity.fract() != 0.0 || !(0.0..=MOST).contains(&quantity) {
        return Err("`quantity` is not a whole number from 0 to 1 000 000 000");
    }
    let price = line.get("item_price").and_then(read::number).ok_or("`item_price` is not a number")?;
    if !(0.0..=MOST).contains(&price) {
        return Err("`item_price` is not from 0 to 1 000 000 000");
    }
    let micros = (price * MICROS).round() as i128;
    let currency = read::text(line, "currency").unwrap_or_default();
    Ok((OrderItem { sku, quantity: quantity as i64, price: major(micros), currency }, micros))
}

fn major(micros: i128) -> f64 {
    micros as f64 / MICROS
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn order(items: Value) -> Result<Order, String> {
        read("wamid.O1", &json!({ "order": { "catalog_id": "445566", "text": "no onions", "product_items": items } }))
    }

    fn line(quantity: Value, price: Value) -> Value {
        json!({ "product_retailer_id": "SKU-12", "quantity": quantity, "item_price": price, "currency": "CNY" })
    }

    #[test]
    fn totals_are_exact() {
        for (quantity, price, total) in [(2, 19.9, 39.8), (3, 0.1, 0.3), (7, 1.15, 8.05), (1000, 0.001, 1.0)] {
            assert_eq!(order(json!([line(json!(quantity), json!(price))])).unwrap().total, total);
        }
        let thirty = vec![line(json!(1), json!(0.1)); 30];
        assert_eq!(order(json!(thirty)).unwrap().total, 3.0);
    }

    #[test]
    fn numbers_may_come_as_text() {
        let order = order(json!([line(json!("2"), json!("19.90"))])).unwrap();
        assert_eq!((order.total, order.items[0].quantity, order.items[0].price), (39.8, 2, 19.9));
    }

    #[test]
    fn id_currency_note_and_catalogue_are_there() {
        let order = order(json!([line(json!(1), json!(5)), line(json!(2), json!(6))])).unwrap();
        assert_eq!(order.id, "wamid.O1");
        assert_eq!(order.currency, "CNY");
        assert_eq!(order.note, "no onions");
        assert_eq!(order.catalog_id, "445566");
        assert_eq!(order.items.len(), 2);
        assert_eq!(order.items[1].sku, "SKU-12");
    }

    #[test]
    fn an_order_that_cannot_be_summed_is_refused_with_the_line() {
        for (bad, why) in [
            (line(json!(1), json!("a lot")), "order line 2: `item_price` is not a number"),
            (line(json!(1), json!(-5)), "order line 2: `item_price` is not from 0"),
            (line(json!(1.5), json!(5)), "order line 2: `quantity` is not a whole number"),
            (line(json!(null), json!(5)), "order line 2: `quantity` is not a number"),
            (json!({ "quantity": 1, "item_price": 1 }), "order line 2: no `product_retailer_id`"),
        ] {
            let refused = order(json!([line(json!(1), json!(5)), bad])).unwrap_err();
            assert!(refused.starts_with(why), "{refused}");
        }
        assert!(read("wamid.O1", &json!({ "type": "order" })).is_err());
        assert!(read("wamid.O1", &json!({ "order": {} })).is_err());
    }

    #[test]
    fn the_largest_order_does_not_overflow() {
        let huge = vec![line(json!(1e9), json!(1e9)); 1000];
        assert_eq!(order(json!(huge)).unwrap().total, 1e21);
    }
}
