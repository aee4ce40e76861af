//! Edits of YAML as minimal splices of its text: nothing is ever printed again, so what an edit is not about stays byte for byte.

export type { Edited } from "./edit";
export { same, valueAt } from "./edit";
export {
  afterInsert,
  afterRemove,
  copyItem,
  insertItems,
  moveItem,
  readSnippet,
  removeItem,
  type Snippet,
  snippetOf,
  startsWith,
} from "./list";
export { inline, type Value } from "./print";
export { type Reason, Refused } from "./refused";
export { freeId, idsOf, renameId } from "./rename";
export { copyItems, type Item, moveItems, removeItems } from "./several";
export { data, formatPath, nodeAt, type Path, parsePath, problem, rangeOf, read, type Source } from "./source";
export { apply, difference, invert, type Splice } from "./splice";
export { removeKey, renameKey, setValue } from "./values";
