/** The roles of users, the one that may least first. */
export function RoleOptions() {
  return (
    <>
      <option value="reader">Reader: only looks</option>
      <option value="user">User: works</option>
      <option value="admin">Admin: manages users too</option>
    </>
  );
}
