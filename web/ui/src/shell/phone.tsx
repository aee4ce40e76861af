export default function Phone(_: { onClose: () => void }) {
  return null;
}
