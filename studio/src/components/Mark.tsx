/** The product's mark: a crystal of cobalt. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden focusable="false">
      <path d="M16 1.5 28.6 8.7 16 16 3.4 8.7z" fill="#a4c0fd" />
      <path d="M3.4 8.7 16 16v14.5L3.4 23.3z" fill="#4f73de" />
      <path d="M16 16 28.6 8.7v14.6L16 30.5z" fill="#2439af" />
      <path d="M16 8.8 22.3 12.4 16 16 9.7 12.4z" fill="#ffffff" fillOpacity="0.85" />
    </svg>
  );
}
