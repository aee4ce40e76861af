export function RuleFilePage() {
  return null;
}
