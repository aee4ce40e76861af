//! Templates: what they render, what stops them, and where their errors stand.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn scope() -> Scope {
    let mut scope = Scope::new();
    scope.set(
        "event",
        json!({
            "id": "E1", "at": "2026-11-22T09:00:00.000Z", "at_ms": 1_795_338_000_000_i64, "old": null, "empty": "",
            "order": {"id": "A1", "total": 1234.5, "whole": 2500.0, "currency": "CNY",
                "items": [{"sku": "a", "n": 1, "note": null}, {"sku": "b", "n": 2, "phone": "x"}]},
        }),
    );
    scope.set(
        "contact",
        json!({"name": "*Li* _Wei_ <&>", "phone": "+8613800138000", "tags": ["vip", "hot"], "fields": {}}),
    );
    scope
}

fn origin() -> Origin {
    Origin { line: 10, column: 5, indent: 4 }
}

fn render_for(source: &str, target: Target) -> Result<String, Error> {
    Template::compile(source, origin(), target)?.render(&scope())
}

fn render(source: &str) -> String {
    render_for(source, Target::Plain).unwrap_or_else(|error| panic!("{source}: {error:?}"))
}

fn fails(source: &str) -> Error {
    render_for(source, Target::Plain).expect_err(source)
}

#[test]
fn values_go_in_as_they_are() {
    assert_eq!(render("Order {{event.order.id}} · {{contact.name}}"), "Order A1 · *Li* _Wei_ <&>");
    assert_eq!(render("{{event.order.total}} {{event.order.whole}}"), "1234.5 2500");
    assert_eq!(render("no names, \\{{escaped}} {{! comment }}"), "no names, {{escaped}} ");
    assert_eq!(render("{{event.order.items.[1].sku}}{{event/order/id}}"), "bA1");
}

#[test]
fn blocks_test_and_repeat() {
    assert_eq!(render("{{#if event.nope}}a{{else if event.old}}b{{else}}c{{/if}}"), "c");
    assert_eq!(render("{{#unless event.empty}}x{{/unless}}"), "x");
    assert_eq!(
        render("{{#each event.order.items}}{{@index}}{{sku}}{{../contact.phone}}{{@root.event.id}};{{/each}}"),
        "0a+8613800138000E1;1b+8613800138000E1;"
    );
    assert_eq!(
        render("{{#each event.order.items as |item i|}}{{i}}{{item.sku}}{{#if @last}}.{{/if}}{{/each}}"),
        "0a1b."
    );
    assert_eq!(render("{{#with event.order}}{{id}}{{/with}}{{#each contact.fields}}x{{else}}none{{/each}}"), "A1none");
    assert_eq!(render("{{#if (and (gt event.order.total 1000) (eq event.order.currency \"CNY\"))}}big{{/if}}"), "big");
    assert_eq!(render("{{#each contact.tags}}{{this}} {{/each}}{{len contact.tags}}"), "vip hot 2");
}

#[test]
fn helpers_give_what_their_table_says() {
    for (source, expected) in [
        ("{{date event.at}}", "2026-11-22 09:00"),
        ("{{date event.at \"%d.%m.%Y %H:%M\" \"Europe/Rome\"}}", "22.11.2026 10:00"),
        ("{{date event.at_ms \"%H:%M\"}}", "09:00"),
        ("{{money event.order.total event.order.currency}}", "1 234.50 CNY"),
        (
            "{{money 1234567 \"jpy\"}} {{money \"0.5\" \"KWD\"}} {{money -1234.567 \"EUR\"}} {{money -0.001 \"EUR\"}}",
            "1 234 567 JPY 0.500 KWD -1 234.57 EUR 0.00 EUR",
        ),
        ("{{phone contact.phone}}", "+86 138 0013 8000"),
        (
            "{{default contact.fields.size \"M\"}} {{default event.old event.empty \"x\"}} {{default event.id \"y\"}}",
            "M x E1",
        ),
        ("{{lookup contact.tags 1}}", "hot"),
        ("{{default nobody.at.all \"z\"}}", "z"),
        ("{{upper event.id}} {{lower event.id}} {{upper (default event.nope \"ж\")}}", "E1 e1 Ж"),
        ("{{join contact.tags}} {{join contact.tags \"|\"}}", "vip, hot vip|hot"),
        ("{{json contact.tags}}", "[\"vip\",\"hot\"]"),
    ] {
        assert_eq!(render(source), expected, "{source}");
    }
}

#[test]
fn a_name_without_a_value_is_an_error_that_names_it() {
    for (source, name) in [
        ("Hi {{event.order.nope}}", "event.order.nope"),
        ("Hi {{event.old}}", "event.old"),
        ("Hi {{nobody}}", "nobody"),
        ("Hi {{upper event.nope}}", "event.nope"),
        ("Hi {{{event.nope}}}", "event.nope"),
        ("Hi {{default event.nope event.old}}", "event.nope"),
        ("Hi {{#each event.nope}}x{{/each}}", "event.nope"),
    ] {
        let error = fails(source);
        assert_eq!((error.code, error.line, error.column), ("template_failed", 10, 8), "{source}: {error:?}");
        assert!(error.message.starts_with(&format!("`{name}` has no value")), "{source}: {error}");
    }
    assert!(fails("{{#each event.order.items}}{{note}}{{/each}}").message.starts_with("`note` has no value"));
}

#[test]
fn errors_are_placed_in_the_file() {
    let missing = fails("Hi\n  {{event.nope}}");
    assert_eq!((missing.line, missing.column), (11, 7), "{missing:?}");
    let syntax = fails("Hi\n  {{#if x}}");
    assert_eq!((syntax.code, syntax.line), ("template_syntax", 11), "{syntax:?}");
    let helper = fails("{{date event.id}}");
    assert_eq!((helper.code, helper.line, helper.column), ("template_failed", 10, 5), "{helper:?}");
}

#[test]
fn helpers_refuse_what_they_cannot_print() {
    for source in [
        "{{date event.at \"%Q\"}}",
        "{{date event.at \"%Y\" \"Mars/Base\"}}",
        "{{money event.id \"EUR\"}}",
        "{{money 1 \"euro\"}}",
        "{{money 1}}",
        "{{money 1e13 \"EUR\"}}",
        "{{phone event.id}}",
        "{{join event.id}}",
        "{{upper contact.tags}}",
    ] {
        assert_eq!(fails(source).code, "template_failed", "{source}");
    }
}

#[test]
fn what_could_run_away_is_refused_when_compiled() {
    for (source, code) in [
        ("{{> x}}", "template_syntax"),
        ("{{> (lookup this \"a\")}}", "template_syntax"),
        ("{{#> x}}{{/x}}", "template_syntax"),
        ("{{#*inline \"p\"}}{{> p}}{{/inline}}{{> p}}", "template_syntax"),
        ("{{* x}}", "template_syntax"),
        ("{{#if event.id}}{{> x}}{{/if}}", "template_syntax"),
        ("{{#if event.id}}{{else}}{{> x}}{{/if}}", "template_syntax"),
        ("{{log event.id}}", "template_syntax"),
        ("{{{{raw}}}} x {{{{/raw}}}}", "template_syntax"),
        ("{{nope event.id}}", "template_syntax"),
        ("{{#nope event.id}}{{/nope}}", "template_syntax"),
        ("{{date event.at format=\"%Y\"}}", "template_syntax"),
        ("{{__count}}", "template_syntax"),
        ("{{#each event.order.items}}{{phone}}{{/each}}", "template_syntax"),
        ("{{this}}", "template_syntax"),
        ("{{#each a}}{{#each b}}{{#each c}}{{/each}}{{/each}}{{/each}}", "template_limit"),
    ] {
        let error = Template::compile(source, origin(), Target::Plain).expect_err(source);
        assert_eq!(error.code, code, "{source}: {error:?}");
    }
    let deep = format!("{}x{}", "{{#if event.id}}".repeat(300), "{{/if}}".repeat(300));
    let parens = format!("{{{{upper {}event.id{}}}}}", "(upper ".repeat(300), ")".repeat(300));
    for source in [deep, parens, "{{".repeat(8000), "{{#if a}}".repeat(1800), "x".repeat(16 * 1024 + 1)] {
        assert!(Template::compile(&source, origin(), Target::Plain).is_err(), "{source:.30}");
    }
}

#[test]
fn loops_and_output_are_bounded() {
    let mut scope = Scope::new();
    scope.set("xs", json!(vec![1; 1000]));
    scope.set("long", json!("x".repeat(40_000)));
    let outcome = |source: &str| {
        Template::compile(source, origin(), Target::Plain).unwrap().render(&scope).map_err(|error| error.code)
    };
    assert_eq!(outcome("{{#each xs}}{{/each}}ok").as_deref(), Ok("ok"));
    assert_eq!(outcome("{{#each xs}}{{#each ../xs}}{{/each}}{{/each}}"), Err("template_limit"));
    assert_eq!(outcome("{{long}}{{long}}"), Err("template_limit"));
    assert_eq!(outcome("{{long}}").map(|text| text.len()), Ok(40_000));
}

#[test]
fn only_inserted_values_are_escaped_for_whatsapp() {
    let sent =
        render_for("*Hi* {{contact.name}} _x_ {{upper contact.name}} {{{contact.name}}}", Target::WhatsApp).unwrap();
    let name = |name: &str| name.replace('*', "\u{2060}*\u{2060}").replace('_', "\u{2060}_\u{2060}");
    let expected = format!("*Hi* {} _x_ {} *Li* _Wei_ <&>", name("*Li* _Wei_ <&>"), name("*LI* _WEI_ <&>"));
    assert_eq!(sent, expected);
}

#[test]
fn the_names_it_reads_are_told_with_their_places() {
    let source = "{{event.id}} {{#if event.old}}\n{{upper (default contact.name vars.x)}}{{/if}}{{#each event.order.items as |item|}}{{item.sku}}{{sku}}{{this.n}}{{../now}}{{@index}}{{@root.run.id}}{{/each}}{{event.list.0.x}}";
    let template = Template::compile(source, origin(), Target::Plain).unwrap();
    let found: Vec<_> = template.paths().iter().map(|path| path.parts.join(".")).collect();
    assert_eq!(
        found,
        ["event.id", "event.old", "contact.name", "vars.x", "event.order.items", "now", "run.id", "event.list"]
    );
    let places: Vec<_> = template.paths().iter().map(|path| (path.line, path.column)).take(3).collect();
    assert_eq!(places, [(10, 5), (10, 18), (11, 5)]);
}

#[test]
fn a_template_may_be_shared_by_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Template>();
}

proptest! {
    #[test]
    fn any_text_compiles_and_renders_or_fails_without_a_panic(
        source in "(\\{\\{|\\}\\}|\\{\\{#if |\\{\\{#each |\\{\\{/if\\}\\}|\\{\\{/each\\}\\}|\\{\\{else\\}\\}|event|\\.order|\\.items|contact\\.tags|upper |default |\\(|\\)|\"a\"|this|\\.\\./|@index|as \\|x\\||~|>|\\*|!|\n| |\\PC){0,20}",
        whatsapp: bool,
    ) {
        let target = if whatsapp { Target::WhatsApp } else { Target::Plain };
        let outcome = render_for(&source, target);
        prop_assert!(outcome.err().is_none_or(|error| !error.message.contains("panic")));
    }

    #[test]
    fn text_without_braces_is_given_as_it_is(source in "[^{\\\\]{0,40}") {
        prop_assert_eq!(render(&source), source);
    }
}
