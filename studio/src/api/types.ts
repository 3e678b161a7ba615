import type { components } from "./schema";

type Schemas = components["schemas"];

/** The server always sends collections and texts; OpenAPI only knows that requests may leave them out. */
export type Entity<T> = {
  [K in keyof T as null extends T[K] ? K : never]: T[K];
} & {
  [K in keyof T as null extends T[K] ? never : K]-?: Exclude<T[K], undefined>;
};

export type Workspace = Entity<Schemas["Workspace"]>;
export type ServerInfo = Entity<Schemas["ServerInfo"]>;
export type Experiment = Entity<Schemas["Experiment"]>;
export type RunStatus = Schemas["RunStatus"];
export type Run = Entity<Schemas["Run"]>;
export type RunPatch = Partial<Schemas["RunPatch"]>;
export type RunError = Entity<Schemas["RunError-Output"]>;
export type RunEvent = Entity<Schemas["RunEvent"]>;
export type ScriptSpec = Entity<Schemas["ScriptSpec-Output"]>;
export type MetricRecord = Entity<Schemas["MetricRecord"]>;
export type SeriesAnswer = Entity<Schemas["SeriesAnswer"]>;
export type MetricsAnswer = { series: SeriesAnswer[]; records: MetricRecord[] };
export type ChartAnswer = Entity<Schemas["ChartAnswer"]>;
export type ArtifactInfo = Entity<Schemas["ArtifactInfo"]>;
export type DatasetInput = Entity<Schemas["RunLineage"]["datasets"][number]>;
export type ModelMetric = Entity<Schemas["ModelMetric"]>;
export type LoggedModel = Omit<Entity<Schemas["LoggedModel"]>, "metrics"> & { metrics: ModelMetric[] };
export type SpanEvent = Entity<Schemas["SpanEvent-Output"]>;
export type Assessment = Entity<Schemas["Assessment-Output"]>;
export type Trace = Omit<Entity<Schemas["Trace"]>, "assessments"> & { assessments: Assessment[] };
export type Span = Omit<Entity<Schemas["SpanAnswer"]>, "events"> & { events: SpanEvent[] };
/** A trace with its spans, roots first and then in the order of their beginnings. */
export interface TraceAnswer {
  trace: Trace;
  spans: Span[];
}
/** What a run read and made. */
export interface RunLineage {
  datasets: DatasetInput[];
  inputs: LoggedModel[];
  outputs: { model: LoggedModel; step: number }[];
}
export type Snapshot = Entity<Schemas["Snapshot"]>;
export type SnapshotFile = Entity<Schemas["SnapshotFile-Output"]>;
export type ModelVersion = Entity<Schemas["ModelVersion"]>;
export type RegisteredModel = Entity<Schemas["RegisteredModel"]>;
export type RegisteredModelPatch = Partial<Schemas["RegisteredModelPatch"]>;
export type ModelCreate = Partial<Schemas["ModelCreate"]> & { name: string };
export type ModelPatch = Partial<Schemas["ModelPatch"]>;
export type EnvironmentVersion = Entity<Schemas["EnvironmentVersion"]>;
export type CondaPin = Entity<Schemas["CondaPin"]>;
export type EnvironmentLock = Omit<Entity<Schemas["EnvironmentLock"]>, "conda"> & { conda: CondaPin[] };
/** What a run or a service really got. Without a lock: an interpreter used as it is. */
export type EnvironmentUse = Omit<Entity<Schemas["EnvironmentUse"]>, "lock"> & { lock: EnvironmentLock | null };
export type EnvironmentResolution = Entity<Schemas["EnvironmentResolution"]>;
/** What an environment is on the server's machine. */
export type EnvironmentExplanation = Omit<Entity<Schemas["EnvironmentExplanation"]>, "lock" | "resolutions"> & {
  lock: EnvironmentLock | null;
  resolutions: EnvironmentResolution[];
};
export type DiskItem = Entity<Schemas["DiskItem"]>;
export type ComputeTarget = Entity<Schemas["ComputeTarget"]>;
export type DeploymentStep = Entity<Schemas["DeploymentStep-Output"]>;
export type Service = Entity<Schemas["Service"]>;
export type EndpointVersion = Omit<Schemas["EndpointVersion"], "service"> & { service: Service };
export type Endpoint = Omit<Entity<Schemas["Endpoint"]>, "service" | "versions"> & {
  service: Service;
  versions: EndpointVersion[];
};
export type ShadowAnswer = Schemas["ShadowAnswer"];
export type ShadowExample = Schemas["ShadowExample"];
export type ShadowReport = Omit<Entity<Schemas["ShadowReport"]>, "examples"> & { examples: ShadowExample[] };
export type ServiceKeys = Schemas["ServiceKeys"];
export type CollectedFile = Entity<Schemas["CollectedFile"]>;
export type CollectedData = Omit<Entity<Schemas["CollectedData"]>, "files"> & { files: CollectedFile[] };
export type ServiceMetrics = Entity<Schemas["ServiceMetrics"]>;
export type ServiceMetricsPoint = Schemas["ServiceMetricsPoint"];
export type ServiceState = Schemas["ServiceState"];
export type ServiceSpec = Entity<Schemas["ServiceSpec"]>;

/** A metric's value on the wire: JSON has no NaN and no infinities. */
export type WireNumber = number | string;

export function fromWire(value: WireNumber): number {
  if (typeof value === "number") return value;
  return value === "Infinity" ? Infinity : value === "-Infinity" ? -Infinity : NaN;
}

/** A piece of a growing text, as the stream brings it; `offset` counts the bytes before it. */
export interface LogChunk {
  path: string;
  offset: number;
  text: string;
}
