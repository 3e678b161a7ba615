import {
  Button,
  makeStyles,
  Menu,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Overflow,
  OverflowItem,
  tokens,
  useIsOverflowItemVisible,
  useOverflowMenu,
  useRestoreFocusTarget,
} from "@fluentui/react-components";
import { MoreHorizontal20Regular } from "@fluentui/react-icons";
import type { ReactElement, Ref } from "react";

const useStyles = makeStyles({
  bar: {
    display: "flex",
    alignItems: "center",
    flexWrap: "nowrap",
    minWidth: 0,
    overflow: "hidden",
    padding: "2px",
    margin: "-2px -2px -2px -10px",
    columnGap: "2px",
  },
  button: { flexShrink: 0, whiteSpace: "nowrap", fontWeight: tokens.fontWeightRegular },
});

export interface Command {
  id: string;
  label: string;
  icon: ReactElement;
  onClick?: () => void;
  /** A file to download instead of an act. */
  href?: string;
  disabled?: boolean;
  /** Said while the command is disabled: what it needs. */
  why?: string;
}

/** The acts of a page; those that find no room move into a menu. */
export function CommandBar({ commands, label = "Commands" }: { commands: Command[]; label?: string }) {
  const styles = useStyles();
  return (
    <Overflow minimumVisible={1} padding={12}>
      <div className={styles.bar} role="toolbar" aria-label={label}>
        {commands.map((command) => (
          <OverflowItem key={command.id} id={command.id}>
            <CommandButton command={command} />
          </OverflowItem>
        ))}
        <OverflowMenu commands={commands} />
      </div>
    </Overflow>
  );
}

function CommandButton({ command, ...rest }: { command: Command }) {
  const styles = useStyles();
  // A dialog that the command opens gives the focus back to it.
  const returning = useRestoreFocusTarget();
  if (command.href && !command.disabled) {
    return (
      <Button
        {...rest}
        as="a"
        href={command.href}
        download=""
        appearance="subtle"
        icon={command.icon}
        className={styles.button}
      >
        {command.label}
      </Button>
    );
  }
  return (
    <Button
      {...rest}
      {...returning}
      appearance="subtle"
      icon={command.icon}
      className={styles.button}
      title={command.disabled ? command.why : undefined}
      disabledFocusable={command.disabled ?? false}
      onClick={command.onClick}
    >
      {command.label}
    </Button>
  );
}

function OverflowMenu({ commands }: { commands: Command[] }) {
  const { ref, isOverflowing } = useOverflowMenu<HTMLButtonElement>();
  if (!isOverflowing) return null;
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement>
        <Button
          ref={ref as Ref<never>}
          appearance="subtle"
          icon={<MoreHorizontal20Regular />}
          aria-label="More commands"
        />
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          {commands.map((command) => (
            <OverflowEntry key={command.id} command={command} />
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

function OverflowEntry({ command }: { command: Command }) {
  const visible = useIsOverflowItemVisible(command.id);
  if (visible) return null;
  const act = () => {
    if (command.href) window.location.assign(command.href);
    else command.onClick?.();
  };
  return (
    <MenuItem icon={command.icon} disabled={command.disabled ?? false} onClick={act}>
      {command.label}
    </MenuItem>
  );
}
