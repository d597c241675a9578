// What the rest of the program may ask of a template: read it once, render it for a task, and have every blank accounted for.
import type { PyxisAdditions, PyxisForm } from './containers/pyxis-shape.ts';

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

export interface BlankUse {
  readonly line: number;
  readonly column: number;
  /** As written, e.g. `CLEARML_TASK.hyperparams.properties.num_nodes.value`. */
  readonly variable: string;
  /** As it was inserted, before quoting. */
  readonly value: string;
  readonly origin: Origin;
  /** The option of sbatch that it feeds; none for a blank in the script. */
  readonly option?: FedOption;
}

/** An option in an `#SBATCH` line whose value is a blank, or has one in it. */
export interface FedOption {
  /** The long name, `time`. */
  readonly name: string;
  /** What stands around the blank in the option's value, with other blanks filled in. */
  readonly before: string;
  readonly after: string;
}

export interface Rendered {
  readonly script: string;
  readonly uses: readonly BlankUse[];
}

/** Where the agent stands in a template, for messages, and what stands before it in its command. */
export interface AgentPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Words without their quotes, such as `srun`, `singularity`, `exec`. */
  readonly command: readonly string[];
}

export interface PyxisUse {
  readonly form: PyxisForm;
  /** The image for this task, as the task or the template names it; undefined where only bash will know. @throws TemplateProblem */
  imageName(variables: Variables): string | undefined;
}

export interface Template {
  /** The file's name, for messages. */
  readonly file: string;
  readonly agent: AgentPlace;
  /** How Pyxis makes a container of it; undefined where it makes none. */
  readonly pyxis?: PyxisUse | undefined;
  /**
   * The script for one task.
   * @param additions to what Pyxis mounts
   * @throws TemplateProblem when a value is missing or can't stand where the template puts it
   */
  render(variables: Variables, blocks: Blocks, additions?: PyxisAdditions): Rendered;
}
