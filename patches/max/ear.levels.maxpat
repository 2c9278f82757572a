{
 "patcher": {
  "fileversion": 1,
  "appversion": {
   "major": 8,
   "minor": 6,
   "revision": 0,
   "architecture": "x64",
   "modernui": 1
  },
  "classnamespace": "box",
  "rect": [
   80.0,
   80.0,
   512.0,
   190
  ],
  "bglocked": 0,
  "openinpresentation": 1,
  "default_fontsize": 12.0,
  "default_fontface": 0,
  "default_fontname": "Arial",
  "gridsize": [
   15.0,
   15.0
  ],
  "devicewidth": 0.0,
  "description": "Mean and peak of every layer.",
  "bgcolor": [
   0.082,
   0.094,
   0.114,
   1.0
  ],
  "locked_bgcolor": [
   0.082,
   0.094,
   0.114,
   1.0
  ],
  "editing_bgcolor": [
   0.082,
   0.094,
   0.114,
   1.0
  ],
  "boxes": [
   {
    "box": {
     "id": "obj-1",
     "maxclass": "panel",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      20.0,
      20.0,
      512.0,
      190
     ],
     "presentation": 1,
     "presentation_rect": [
      0.0,
      0.0,
      512.0,
      190.0
     ],
     "bgcolor": [
      0.118,
      0.133,
      0.157,
      1.0
     ],
     "rounded": 6,
     "background": 1,
     "mode": 0
    }
   },
   {
    "box": {
     "id": "obj-2",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      546.0,
      20.0,
      60,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      10.0,
      6.0,
      60.0,
      20.0
     ],
     "text": "levels",
     "fontsize": 13.0,
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "fontface": 1
    }
   },
   {
    "box": {
     "id": "obj-3",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      620.0,
      20.0,
      228,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      110.0,
      7.0,
      228.0,
      20.0
     ],
     "text": "mean of every layer above, peak below",
     "fontsize": 11.0,
     "textcolor": [
      0.604,
      0.643,
      0.698,
      1.0
     ]
    }
   },
   {
    "box": {
     "id": "obj-4",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      "bang"
     ],
     "patching_rect": [
      862.0,
      20.0,
      64.8,
      22.0
     ],
     "text": "loadbang"
    }
   },
   {
    "box": {
     "id": "obj-5",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      20.0,
      226.0,
      124.19999999999999,
      22.0
     ],
     "text": "want levels - 30."
    }
   },
   {
    "box": {
     "id": "obj-6",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      20.0,
      264.0,
      78.0,
      22.0
     ],
     "text": "s ear.want"
    }
   },
   {
    "box": {
     "id": "obj-7",
     "maxclass": "newobj",
     "numinlets": 3,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      ""
     ],
     "patching_rect": [
      158.2,
      226.0,
      256.2,
      22.0
     ],
     "text": "route /ear/level/mean /ear/level/peak"
    }
   },
   {
    "box": {
     "id": "obj-8",
     "maxclass": "newobj",
     "numinlets": 0,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      940.8,
      20.0,
      78.0,
      22.0
     ],
     "text": "r ear.from"
    }
   },
   {
    "box": {
     "id": "obj-9",
     "maxclass": "multislider",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      ""
     ],
     "patching_rect": [
      112.0,
      264.0,
      492,
      88
     ],
     "presentation": 1,
     "presentation_rect": [
      10.0,
      30.0,
      492.0,
      88.0
     ],
     "parameter_enable": 0,
     "size": 28,
     "slidercolor": [
      0.949,
      0.647,
      0.255,
      1.0
     ],
     "setminmax": [
      0.0,
      1.0
     ],
     "setstyle": 1,
     "ignoreclick": 1,
     "contdata": 1,
     "bgcolor": [
      0.0,
      0.0,
      0.0,
      0.25
     ]
    }
   },
   {
    "box": {
     "id": "obj-10",
     "maxclass": "multislider",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      ""
     ],
     "patching_rect": [
      618.0,
      264.0,
      492,
      34
     ],
     "presentation": 1,
     "presentation_rect": [
      10.0,
      122.0,
      492.0,
      34.0
     ],
     "parameter_enable": 0,
     "size": 28,
     "slidercolor": [
      0.353,
      0.663,
      0.902,
      1.0
     ],
     "setminmax": [
      0.0,
      1.0
     ],
     "setstyle": 1,
     "ignoreclick": 1,
     "contdata": 1,
     "bgcolor": [
      0.0,
      0.0,
      0.0,
      0.25
     ]
    }
   },
   {
    "box": {
     "id": "obj-11",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1032.8,
      20.0,
      240,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      10.0,
      163.0,
      240.0,
      20.0
     ],
     "text": "one layer as a number, at the last outlet",
     "fontsize": 11.0,
     "textcolor": [
      0.604,
      0.643,
      0.698,
      1.0
     ]
    }
   },
   {
    "box": {
     "id": "obj-12",
     "maxclass": "number",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "patching_rect": [
      428.4,
      226.0,
      50,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      256.0,
      162.0,
      50.0,
      22.0
     ],
     "parameter_enable": 0,
     "minimum": 0,
     "maximum": 27,
     "fontsize": 12.0,
     "textcolor": [
      0.925,
      0.937,
      0.953,
      1.0
     ],
     "bgcolor": [
      0.0,
      0.0,
      0.0,
      0.25
     ]
    }
   },
   {
    "box": {
     "id": "obj-13",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1286.8,
      20.0,
      78.0,
      22.0
     ],
     "text": "loadmess 9"
    }
   },
   {
    "box": {
     "id": "obj-14",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 2,
     "outlettype": [
      "",
      ""
     ],
     "patching_rect": [
      20.0,
      368.0,
      71.4,
      22.0
     ],
     "text": "zl.nth 10"
    }
   },
   {
    "box": {
     "id": "obj-15",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      "int"
     ],
     "patching_rect": [
      1124.0,
      264.0,
      34.0,
      22.0
     ],
     "text": "+ 1"
    }
   },
   {
    "box": {
     "id": "obj-16",
     "maxclass": "slider",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      20.0,
      406.0,
      186,
      18
     ],
     "presentation": 1,
     "presentation_rect": [
      316.0,
      164.0,
      186.0,
      18.0
     ],
     "parameter_enable": 0,
     "orientation": 1,
     "floatoutput": 1,
     "size": 1.0,
     "ignoreclick": 1
    }
   },
   {
    "box": {
     "id": "obj-17",
     "maxclass": "outlet",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1172.0,
      264.0,
      30.0,
      30.0
     ],
     "index": 1,
     "comment": "mean of every layer, 0 to 1"
    }
   },
   {
    "box": {
     "id": "obj-18",
     "maxclass": "outlet",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1216.0,
      264.0,
      30.0,
      30.0
     ],
     "index": 2,
     "comment": "peak of every layer, 0 to 1"
    }
   },
   {
    "box": {
     "id": "obj-19",
     "maxclass": "outlet",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      220.0,
      406.0,
      30.0,
      30.0
     ],
     "index": 3,
     "comment": "the chosen layer, 0 to 1"
    }
   }
  ],
  "lines": [
   {
    "patchline": {
     "destination": [
      "obj-5",
      0
     ],
     "source": [
      "obj-4",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-6",
      0
     ],
     "source": [
      "obj-5",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-7",
      0
     ],
     "source": [
      "obj-8",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-9",
      0
     ],
     "source": [
      "obj-7",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-10",
      0
     ],
     "source": [
      "obj-7",
      1
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-12",
      0
     ],
     "source": [
      "obj-13",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-15",
      0
     ],
     "source": [
      "obj-12",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-14",
      1
     ],
     "source": [
      "obj-15",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-14",
      0
     ],
     "source": [
      "obj-7",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-16",
      0
     ],
     "source": [
      "obj-14",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-17",
      0
     ],
     "source": [
      "obj-7",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-18",
      0
     ],
     "source": [
      "obj-7",
      1
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-19",
      0
     ],
     "source": [
      "obj-14",
      0
     ]
    }
   }
  ]
 }
}
