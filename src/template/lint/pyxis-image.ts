// What is wrong with the name of an image that a template gives to Pyxis.
import { pyxisImage } from '../containers/pyxis-image.ts';

/** What is wrong with it, or undefined. */
export function imageTrouble(image: string): string | undefined {
  const meant = pyxisImage(image);
  return meant === image ? undefined : `Pyxis looks for "${image}" on Docker Hub: write "${meant}".`;
}
