// What the rest of the program may ask of a template: read it once, render it for a task, and have every placeholder accounted for.

/** Where a value came from; `render --origins` prints it. */
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

/** The expansions of PRE_SETUP, AGENT_EXECUTE and POST_SETUP: shell text, inserted as it is. */
export interface Blocks {
  readonly preSetup: string;
  readonly agentExecute: string;
  readonly postSetup: string;
}

export interface PlaceholderUse {
  readonly line: number;
  readonly column: number;
  /** As written, e.g. `CLEARML_TASK.hyperparams.properties.num_nodes.value`. */
  readonly variable: string;
  /** As it was inserted, before quoting. */
  readonly value: string;
  readonly origin: Origin;
  /** The option of sbatch that it feeds; none for a placeholder in the script. */
  readonly option?: EnclosingOption;
}

/** An option in an `#SBATCH` line whose value is a placeholder, or has one in it. */
export interface EnclosingOption {
  /** The long name, `time`. */
  readonly name: string;
  /** What stands around the placeholder in the option's value, with other placeholders filled in. */
  readonly before: string;
  readonly after: string;
}

export interface Rendered {
  readonly script: string;
  readonly uses: readonly PlaceholderUse[];
}

/** Where the agent stands in a template, for messages, and what stands before it in its command. */
export interface AgentLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Words without their quotes, such as `srun`, `singularity`, `exec`. */
  readonly command: readonly string[];
}

export interface PyxisContainer {
  readonly spec: PyxisSpec;
  /** The image for this task, as the task or the template names it; undefined where only bash will know. @throws TemplateError */
  imageName(variables: Variables): string | undefined;
}

export interface Template {
  /** The file's name, for messages. */
  readonly file: string;
  readonly agent: AgentLocation;
  /** How Pyxis makes a container of it; undefined where it makes none. */
  readonly pyxis?: PyxisContainer | undefined;
  /**
   * The script for one task.
   * @param additions to what Pyxis mounts
   * @throws TemplateError when a value is missing or can't stand where the template puts it
   */
  render(variables: Variables, blocks: Blocks, additions?: PyxisAdditions): Rendered;
}

/** What is to be seen in the container beside what the template itself mounts. */
export interface PyxisAdditions {
  /** `source:destination[:ro]`; plain for Pyxis, and so for sbatch and for bash. */
  readonly mounts: readonly string[];
  readonly mountsHome: boolean;
}

export interface PyxisSpec {
  /** The whole script runs in the image (directives), or what srun starts does (a command). */
  readonly kind: 'script' | 'step';
  /** Where the value of `--container-image` ends, and the one of `--container-mounts`, where there is one. Empty: out of reach. */
  readonly insertionPoints: readonly PyxisInsertionPoint[];
  /** What the template itself mounts, each value as one mark. */
  readonly mounts: string;
  /** Whether the template says itself that the home folder is mounted, or that it is not. */
  readonly setsHome: boolean;
  readonly mountsHome: boolean;
}

export interface PyxisInsertionPoint {
  readonly imageEnd: number;
  readonly mountsEnd: number | undefined;
}
