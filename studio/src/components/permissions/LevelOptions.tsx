/** What a user may be given, the least first; USE is READ here and kept for who granted it by that name. */
const LEVELS: readonly (readonly [level: string, label: string])[] = [
  ["NO_PERMISSIONS", "None: it is hidden"],
  ["READ", "Read: only looks"],
  ["USE", "Use: only looks"],
  ["EDIT", "Edit: logs and changes too"],
  ["MANAGE", "Manage: deletes and grants too"],
];

/** The levels of permissions; `present` is shown whatever it is. */
export function LevelOptions({ present }: { present?: string }) {
  return (
    <>
      {LEVELS.filter(([level]) => level !== "USE" || level === present).map(([level, label]) => (
        <option key={level} value={level}>
          {label}
        </option>
      ))}
    </>
  );
}
