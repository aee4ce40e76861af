//! Edits that are not made, and why.

/** Why an edit is refused. The texts for people are in the editor's messages. */
export type Reason =
  /** The text is not YAML at the moment. */
  | "invalid"
  /** The place shares its value with another: an alias, an anchor. */
  | "alias"
  /** The value has a tag, which flows do not have. */
  | "tag"
  /** There is no such place. */
  | "missing"
  /** Something else stands there than the edit is for. */
  | "wrong_kind"
  /** The name is taken in this map. */
  | "taken"
  /** A step cannot be moved into itself. */
  | "inside_itself"
  /** What was pasted is no step. */
  | "not_steps"
  /** The node has no place in the text. */
  | "unplaced"
  /** The text after the edit would not read as intended, so the text stays. */
  | "unsafe";

/** An edit that was refused; the text is as it was. */
export class Refused extends Error {
  constructor(readonly reason: Reason) {
    super(`edit refused: ${reason}`);
    this.name = "Refused";
  }
}
