import {
  Menu,
  MenuButton,
  MenuGroup,
  MenuGroupHeader,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from "@fluentui/react-components";
import { PersonCircle20Regular, SignOut20Regular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";

import { identityQuery, signOut } from "../api/account";
import { signedOut } from "../api/session";

/** Who is signed in, and the way out. */
export function AccountMenu({ className }: { className: string }) {
  const { data } = useQuery(identityQuery());
  const leave = () => {
    void signOut().finally(() => signedOut.set(true));
  };
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement>
        <MenuButton appearance="subtle" className={className} icon={<PersonCircle20Regular />} aria-label="Account" />
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuGroup>
            <MenuGroupHeader>{data ? `${data.name} (${data.role})` : "Signed in"}</MenuGroupHeader>
            <MenuItem icon={<SignOut20Regular />} onClick={leave}>
              Sign out
            </MenuItem>
          </MenuGroup>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
