export function SignIn() {
  return null;
}
export function SetUp() {
  return null;
}
export function Invitation() {
  return null;
}
