import { makeStyles, mergeClasses, Text, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";

const useStyles = makeStyles({
  card: {
    display: "flex",
    flexDirection: "column",
    rowGap: "12px",
    minWidth: 0,
    padding: "16px",
    background: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusLarge,
  },
  head: { display: "flex", alignItems: "center", justifyContent: "space-between", columnGap: "8px", minHeight: "32px" },
  title: { margin: 0 },
  facts: {
    display: "grid",
    gridTemplateColumns: "minmax(120px, 180px) minmax(0, 1fr)",
    columnGap: "16px",
    rowGap: "8px",
    margin: 0,
    "@media (max-width: 767px)": { gridTemplateColumns: "104px minmax(0, 1fr)", columnGap: "12px" },
  },
  name: { color: tokens.colorNeutralForeground3, minWidth: 0, overflowWrap: "anywhere" },
  value: {
    margin: 0,
    minWidth: 0,
    overflowWrap: "anywhere",
  },
});

interface CardProps {
  title: string;
  actions?: ReactNode;
  children: ReactNode;
  className?: string | undefined;
}

export function Card({ title, actions, children, className }: CardProps) {
  const styles = useStyles();
  return (
    <section className={mergeClasses(styles.card, className)} aria-label={title}>
      <div className={styles.head}>
        <Text as="h2" size={400} weight="semibold" className={styles.title}>
          {title}
        </Text>
        {actions}
      </div>
      {children}
    </section>
  );
}

export type Fact = [name: string, value: ReactNode];

/** Names and values, one under the other; facts without a value are left out. */
export function Facts({ facts }: { facts: (Fact | null | undefined | false | "")[] }) {
  const styles = useStyles();
  return (
    <dl className={styles.facts}>
      {facts.map((fact) =>
        fact ? (
          <div key={fact[0]} style={{ display: "contents" }}>
            <dt className={styles.name}>{fact[0]}</dt>
            <dd className={styles.value}>{fact[1]}</dd>
          </div>
        ) : null,
      )}
    </dl>
  );
}
