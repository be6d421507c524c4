/** Files: tensors by name in the safetensors format. */

export {
  type LoadSafetensorsOptions,
  loadSafetensors,
  type SaveSafetensorsOptions,
  saveSafetensors,
  type TensorFile,
} from './safetensors.ts';
