// What doctor's job finds on a node, and inside of a container there.

export interface NodeFound {
  readonly node: string;
  /** What was answered, or why nothing was. */
  readonly route: { readonly isThere: boolean; readonly words: string };
  /** Versions; undefined where there is none. */
  readonly python: string | undefined;
  readonly agent: string | undefined;
  readonly canMakeVenv: boolean;
  readonly git: string | undefined;
  readonly containers: readonly string[];
  readonly home: {
    readonly path: string;
    readonly isWritable: boolean;
    readonly freeMb: number | undefined;
    /** quota(1)'s own words about the file systems where this user has used up what is allowed. */
    readonly overQuota: string | undefined;
  };
  readonly seesSharedFolder: boolean;
  /** What is inside the container, if one was started. */
  readonly container: {
    readonly isStarted: boolean;
    /** Why not. */
    readonly words: string;
    readonly python: string | undefined;
    readonly hasAgent: boolean;
    readonly hasPip: boolean;
    readonly seesConfiguration: boolean;
  };
}
