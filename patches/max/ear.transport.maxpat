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
   324,
   90
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
  "description": "Bar, beat and tempo.",
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
      324,
      90
     ],
     "presentation": 1,
     "presentation_rect": [
      0.0,
      0.0,
      324.0,
      90.0
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
      358.0,
      20.0,
      90,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      10.0,
      6.0,
      90.0,
      20.0
     ],
     "text": "transport",
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
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      "bang"
     ],
     "patching_rect": [
      462.0,
      20.0,
      64.8,
      22.0
     ],
     "text": "loadbang"
    }
   },
   {
    "box": {
     "id": "obj-4",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      20.0,
      126.0,
      130.8,
      22.0
     ],
     "text": "want transport - 0"
    }
   },
   {
    "box": {
     "id": "obj-5",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      20.0,
      164.0,
      78.0,
      22.0
     ],
     "text": "s ear.want"
    }
   },
   {
    "box": {
     "id": "obj-6",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      "bang"
     ],
     "patching_rect": [
      540.8,
      20.0,
      64.8,
      22.0
     ],
     "text": "loadbang"
    }
   },
   {
    "box": {
     "id": "obj-7",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      164.8,
      126.0,
      104.39999999999999,
      22.0
     ],
     "text": "want state - 0"
    }
   },
   {
    "box": {
     "id": "obj-8",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      112.0,
      164.0,
      78.0,
      22.0
     ],
     "text": "s ear.want"
    }
   },
   {
    "box": {
     "id": "obj-9",
     "maxclass": "newobj",
     "numinlets": 3,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      ""
     ],
     "patching_rect": [
      283.2,
      126.0,
      236.39999999999998,
      22.0
     ],
     "text": "route /ear/beat /ear/transport/bpm"
    }
   },
   {
    "box": {
     "id": "obj-10",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 4,
     "outlettype": [
      "int",
      "int",
      "float",
      "float"
     ],
     "patching_rect": [
      204.0,
      164.0,
      117.6,
      22.0
     ],
     "text": "unpack 0 0 0. 0."
    }
   },
   {
    "box": {
     "id": "obj-11",
     "maxclass": "newobj",
     "numinlets": 0,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      619.5999999999999,
      20.0,
      78.0,
      22.0
     ],
     "text": "r ear.from"
    }
   },
   {
    "box": {
     "id": "obj-12",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      711.5999999999999,
      20.0,
      36,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      10.0,
      36.0,
      36.0,
      20.0
     ],
     "text": "bar",
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
     "id": "obj-13",
     "maxclass": "number",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "patching_rect": [
      20.0,
      210.0,
      50,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      46.0,
      35.0,
      50.0,
      22.0
     ],
     "parameter_enable": 0,
     "ignoreclick": 1,
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
     "id": "obj-14",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      761.5999999999999,
      20.0,
      36,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      106.0,
      36.0,
      36.0,
      20.0
     ],
     "text": "beat",
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
     "id": "obj-15",
     "maxclass": "number",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "patching_rect": [
      84.0,
      210.0,
      50,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      142.0,
      35.0,
      50.0,
      22.0
     ],
     "parameter_enable": 0,
     "ignoreclick": 1,
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
     "id": "obj-16",
     "maxclass": "button",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      "bang"
     ],
     "patching_rect": [
      335.6,
      164.0,
      24,
      24
     ],
     "presentation": 1,
     "presentation_rect": [
      202.0,
      34.0,
      24.0,
      24.0
     ],
     "parameter_enable": 0,
     "blinkcolor": [
      0.949,
      0.647,
      0.255,
      1.0
     ],
     "ignoreclick": 1
    }
   },
   {
    "box": {
     "id": "obj-17",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      811.5999999999999,
      20.0,
      32,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      232.0,
      36.0,
      32.0,
      20.0
     ],
     "text": "bpm",
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
     "id": "obj-18",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "patching_rect": [
      148.0,
      210.0,
      50,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      264.0,
      35.0,
      50.0,
      22.0
     ],
     "parameter_enable": 0,
     "minimum": 20.0,
     "maximum": 400.0,
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
     ],
     "varname": "transport.bpm"
    }
   },
   {
    "box": {
     "id": "obj-19",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      373.6,
      164.0,
      84.6,
      22.0
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-20",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      20.0,
      248.0,
      84.6,
      22.0
     ],
     "text": "speedlim 20"
    }
   },
   {
    "box": {
     "id": "obj-21",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      20.0,
      286.0,
      183.6,
      22.0
     ],
     "text": "prepend /ear/transport/bpm"
    }
   },
   {
    "box": {
     "id": "obj-22",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      20.0,
      324.0,
      64.8,
      22.0
     ],
     "text": "s ear.to"
    }
   },
   {
    "box": {
     "id": "obj-23",
     "maxclass": "slider",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      212.0,
      210.0,
      304,
      14
     ],
     "presentation": 1,
     "presentation_rect": [
      10.0,
      66.0,
      304.0,
      14.0
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
     "id": "obj-24",
     "maxclass": "outlet",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      472.20000000000005,
      164.0,
      30.0,
      30.0
     ],
     "index": 1,
     "comment": "bar beat bpm phase, on every beat"
    }
   }
  ],
  "lines": [
   {
    "patchline": {
     "destination": [
      "obj-4",
      0
     ],
     "source": [
      "obj-3",
      0
     ]
    }
   },
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
      "obj-7",
      0
     ],
     "source": [
      "obj-6",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-8",
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
      "obj-9",
      0
     ],
     "source": [
      "obj-11",
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
      "obj-9",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-13",
      0
     ],
     "source": [
      "obj-10",
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
      "obj-10",
      1
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
      "obj-9",
      0
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
      "obj-9",
      1
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
      "obj-19",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-20",
      0
     ],
     "source": [
      "obj-18",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-21",
      0
     ],
     "source": [
      "obj-20",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-22",
      0
     ],
     "source": [
      "obj-21",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-23",
      0
     ],
     "source": [
      "obj-10",
      3
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-24",
      0
     ],
     "source": [
      "obj-9",
      0
     ]
    }
   }
  ]
 }
}
