import { Link, makeStyles, mergeClasses } from "@fluentui/react-components";
import { createLink } from "@tanstack/react-router";
import { forwardRef, type AnchorHTMLAttributes, type Ref } from "react";

const useStyles = makeStyles({
  // An ellipsis needs a block; a link in a running text stays inline.
  cut: {
    display: "inline-block",
    maxWidth: "100%",
    overflow: "hidden",
    textOverflow: "ellipsis",
    whiteSpace: "nowrap",
    verticalAlign: "bottom",
  },
});

interface AnchorProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  /** One line that is cut when there is no room. */
  cut?: boolean;
}

const Anchor = forwardRef<HTMLAnchorElement, AnchorProps>(function Anchor({ cut, className, href, ...props }, ref) {
  const styles = useStyles();
  // Fluent types the reference for all elements a link may be, which no one reference is.
  return (
    <Link {...props} href={href ?? ""} ref={ref as Ref<never>} className={mergeClasses(cut && styles.cut, className)} />
  );
});

/** A link inside the Studio with Fluent's looks. */
export const AppLink = createLink(Anchor);
