// Writes the pages beside it that are made from the source; tests compare them.
import { writeFileSync } from 'node:fs';
import { referencePage } from '../src/config/reference.ts';

writeFileSync(new URL('configuration.md', import.meta.url), referencePage());
