// Writes the pages of docs/ that are made from the source; tests compare them.
import { writeFileSync } from 'node:fs';
import { referencePage } from '../src/config/reference.ts';

writeFileSync(new URL('../docs/configuration.md', import.meta.url), referencePage());
