"""Makes the patches for Max and the device for Live. Run `build_patches.py` beside this folder."""
