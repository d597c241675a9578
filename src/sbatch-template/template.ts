// The types of a template: what it is parsed to, what it is rendered with, and the result.

/** The source of a value, as `render --origins` prints it. */
export type Origin = 'task' | 'default' | 'config' | 'glue';

/** The trees that `${CLEARML_…}` paths lead into. Plain data, no behavior. */
export interface Variables {
  readonly queueName: string;
  readonly queueId: string;
  readonly workerId: string;
  /** `task` as `tasks.get_by_id` returns it. */
  readonly task: Readonly<Record<string, unknown>>;
  /** `project` as `projects.get_by_id` returns it; `{}` when unknown. */
  readonly project: Readonly<Record<string, unknown>>;
  readonly user: Readonly<Record<string, unknown>>;
  /** The configuration without secrets. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** The shell text for PRE_SETUP, AGENT_EXECUTE and POST_SETUP, inserted unchanged. */
export interface Blocks {
  readonly preSetup: string;
  readonly agentExecute: string;
  /** Inserted before the command that ends with AGENT_EXECUTE. */
  readonly beforeAgent?: string | undefined;
  readonly postSetup: string;
}

export interface PlaceholderUse {
  readonly line: number;
  readonly column: number;
  /** As written, e.g. `CLEARML_TASK.hyperparams.properties.num_nodes.value`. */
  readonly variable: string;
  /** Before quoting. */
  readonly value: string;
  readonly origin: Origin;
  /** The sbatch option that contains the placeholder; undefined in the script. */
  readonly option?: EnclosingOption;
}

/** An option in an `#SBATCH` line with a placeholder in its value. */
export interface EnclosingOption {
  /** The long name without dashes, `time`. */
  readonly name: string;
  /** The option's value around the placeholder, with the values of other placeholders. */
  readonly before: string;
  readonly after: string;
}

export interface Rendered {
  readonly script: string;
  readonly uses: readonly PlaceholderUse[];
}

/** The position of `${CLEARML_AGENT_EXECUTE}`, for messages, and the command before it. */
export interface AgentLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Shell words without their quotes, such as `srun`, `singularity`, `exec`. */
  readonly command: readonly string[];
}

export interface PyxisContainer {
  readonly spec: PyxisSpec;
  /** The image for this task, as the task or the template names it; undefined if only bash can tell. @throws TemplateError */
  imageName(variables: Variables): string | undefined;
}

/** A signal that a program handles only if it wants to: `--signal=B:USR1@120`. */
export type ForwardedSignal = 'USR1' | 'USR2';

export interface Template {
  /** The name of the file, for messages. */
  readonly file: string;
  readonly agent: AgentLocation;
  /** The signal that the template has Slurm send to the batch shell, which forwards it to the task. */
  readonly forwardedSignal?: ForwardedSignal | undefined;
  /** The container that Pyxis creates; undefined if the template does not use Pyxis. */
  readonly pyxis?: PyxisContainer | undefined;
  /**
   * Renders the script for one task.
   * @param additions to the mounts of Pyxis
   * @throws TemplateError if a value is missing or is not allowed where the template has it
   */
  render(variables: Variables, blocks: Blocks, additions?: PyxisAdditions): Rendered;
}

/** Mounts that the job needs in addition to those of the template. */
export interface PyxisAdditions {
  /** `source:destination[:ro]`, of characters that neither Pyxis nor sbatch nor bash expands. */
  readonly mounts: readonly string[];
  readonly mountsHome: boolean;
}

export interface PyxisSpec {
  /** Whether the whole script runs in the image (`#SBATCH` lines) or only what srun starts (a command). */
  readonly kind: 'script' | 'step';
  /** Where options can be added. Empty if the options are in a variable or an array. */
  readonly insertionPoints: readonly PyxisInsertionPoint[];
  /** The value of the template's own `--container-mounts`, with a NUL for each placeholder. */
  readonly mounts: string;
  /** Whether the template says that the home directory is mounted, or that it is not. */
  readonly setsHome: boolean;
  readonly mountsHome: boolean;
  /** Whether the template names the private directory of the job, as it does to mount all of it. */
  readonly namesJobFolder: boolean;
}

/** The ends of the values of `--container-image` and of `--container-mounts`, if there is one. */
export interface PyxisInsertionPoint {
  readonly imageEnd: number;
  readonly mountsEnd: number | undefined;
}
