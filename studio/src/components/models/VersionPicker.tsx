import { MenuButton, Menu, MenuItemRadio, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";

import type { ModelVersion } from "../../api/types";
import { aliasesOf } from "../../format/aliases";

interface Props {
  ws: string;
  model: ModelVersion;
  versions: ModelVersion[];
  /** Alias to version. */
  aliases: Record<string, number>;
}

/** Moves between the versions of a model. */
export function VersionPicker({ ws, model, versions, aliases }: Props) {
  const navigate = useNavigate();
  const newest = versions[0]?.version;
  const label = (version: number) => (version === newest ? `Version ${version} (latest)` : `Version ${version}`);
  const labelled = (version: number) => [label(version), ...aliasesOf(aliases, version)].join(" · ");
  return (
    <Menu
      checkedValues={{ version: [String(model.version)] }}
      onCheckedValueChange={(_, data) => {
        const version = data.checkedItems[0];
        if (version === undefined) return;
        void navigate({
          to: "/ws/$ws/models/$name/$version",
          params: { ws, name: model.name, version },
          search: (before: object) => before,
        });
      }}
    >
      <MenuTrigger disableButtonEnhancement>
        <MenuButton size="small">{label(model.version)}</MenuButton>
      </MenuTrigger>
      <MenuPopover>
        <MenuList style={{ maxHeight: 360, overflowY: "auto" }}>
          {versions.map(({ version }) => (
            <MenuItemRadio key={version} name="version" value={String(version)}>
              {labelled(version)}
            </MenuItemRadio>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
