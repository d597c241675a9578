// The source of a setting's value, so that every message can say where to change it.

/** `line` and `column` count from 1. */
export type Origin =
  | { readonly kind: 'file'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'option'; readonly name: string }
  | { readonly kind: 'derived'; readonly from: string }
  | { readonly kind: 'default' };

/** For users: `/home/ada/clearml.conf:12`, `CLEARML_API_HOST`, `--queue`, `from api.api_server`, `default`. */
export function formatOrigin(origin: Origin): string {
  switch (origin.kind) {
    case 'file':
      return `${origin.file}:${origin.line}`;
    case 'variable':
    case 'option':
      return origin.name;
    case 'derived':
      return `from ${origin.from}`;
    case 'default':
      return 'default';
  }
}
