import { Button, Field, Input, makeStyles } from "@fluentui/react-components";
import { Dismiss16Regular, Search20Regular } from "@fluentui/react-icons";
import { useEffect, useState } from "react";

interface Props {
  label: string;
  placeholder: string;
  value: string;
  onSearch: (text: string) => void;
  /** Why what was typed cannot be searched for. */
  error?: string | undefined;
  className?: string | undefined;
}

const useStyles = makeStyles({
  // As wide as its place, which may be less than a browser's own width of an input.
  box: { width: "100%", minWidth: 0 },
  input: { minWidth: 0 },
});

/** A search field that searches shortly after the last key, at once with Enter, and clears with Escape. */
export function SearchBox({ label, placeholder, value, onSearch, error, className }: Props) {
  const styles = useStyles();
  const [text, setText] = useState(value);
  const [seen, setSeen] = useState(value);
  if (value !== seen) {
    setSeen(value);
    setText(value);
  }
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => onSearch(text), 400);
    return () => clearTimeout(timer);
  }, [text, value, onSearch]);
  return (
    <Field className={className} {...(error ? { validationState: "error" as const, validationMessage: error } : {})}>
      <Input
        type="text"
        className={styles.box}
        input={{ className: styles.input }}
        role="searchbox"
        aria-label={label}
        placeholder={placeholder}
        value={text}
        contentBefore={<Search20Regular />}
        contentAfter={
          text ? (
            <Button
              appearance="transparent"
              size="small"
              icon={<Dismiss16Regular />}
              aria-label="Clear the search"
              onClick={() => onSearch("")}
            />
          ) : null
        }
        onChange={(_, data) => setText(data.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") onSearch(text);
          if (event.key === "Escape") onSearch("");
        }}
      />
    </Field>
  );
}
