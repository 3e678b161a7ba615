/** The product's mark: a crystal of cobalt. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden focusable="false">
      <path d="M16 1.500 28.600 8.700 16 16 3.400 8.700z" fill="#a4c0fd" />
      <path d="M3.400 8.700 16 16v14.500L3.400 23.300z" fill="#4f73de" />
      <path d="M16 16 28.600 8.700v14.600L16 30.500z" fill="#2439af" />
      <path d="M16 8.800 22.300 12.400 16 16 9.700 12.400z" fill="#ffffff" fillOpacity="0.85" />
    </svg>
  );
}
