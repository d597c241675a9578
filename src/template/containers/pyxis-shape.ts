// What is known of the container that Pyxis makes for a template, and what may be added to it.

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
