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
   130
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
  "description": "A number for every channel of a layer.",
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
      130
     ],
     "presentation": 1,
     "presentation_rect": [
      0.0,
      0.0,
      512.0,
      130.0
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
      76,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      10.0,
      6.0,
      76.0,
      20.0
     ],
     "text": "channels",
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
      636.0,
      20.0,
      54,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      110.0,
      7.0,
      54.0,
      20.0
     ],
     "text": "of layer",
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
     "maxclass": "number",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "patching_rect": [
      20.0,
      166.0,
      50,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      166.0,
      5.0,
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
     "id": "obj-5",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      704.0,
      20.0,
      78.0,
      22.0
     ],
     "text": "loadmess 9"
    }
   },
   {
    "box": {
     "id": "obj-6",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      796.0,
      20.0,
      276,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      226.0,
      7.0,
      276.0,
      20.0
     ],
     "text": "channels 0 to 255; those from 256 on below",
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
     "id": "obj-7",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      20.0,
      204.0,
      157.2,
      22.0
     ],
     "text": "want channels - 20. $1"
    }
   },
   {
    "box": {
     "id": "obj-8",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      20.0,
      242.0,
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
     "numinlets": 4,
     "numoutlets": 4,
     "outlettype": [
      "",
      "",
      "",
      ""
     ],
     "patching_rect": [
      84.0,
      166.0,
      361.79999999999995,
      22.0
     ],
     "text": "route /ear/channels /ear/channels/0 /ear/channels/256"
    }
   },
   {
    "box": {
     "id": "obj-10",
     "maxclass": "newobj",
     "numinlets": 0,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1086.0,
      20.0,
      78.0,
      22.0
     ],
     "text": "r ear.from"
    }
   },
   {
    "box": {
     "id": "obj-11",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 2,
     "outlettype": [
      "",
      ""
     ],
     "patching_rect": [
      191.2,
      204.0,
      177.0,
      22.0
     ],
     "text": "zl.slice 2 @zlmaxsize 512"
    }
   },
   {
    "box": {
     "id": "obj-12",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 2,
     "outlettype": [
      "",
      ""
     ],
     "patching_rect": [
      382.2,
      204.0,
      177.0,
      22.0
     ],
     "text": "zl.slice 2 @zlmaxsize 512"
    }
   },
   {
    "box": {
     "id": "obj-13",
     "maxclass": "multislider",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      ""
     ],
     "patching_rect": [
      112.0,
      242.0,
      492,
      50
     ],
     "presentation": 1,
     "presentation_rect": [
      10.0,
      32.0,
      492.0,
      50.0
     ],
     "parameter_enable": 0,
     "size": 256,
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
     "id": "obj-14",
     "maxclass": "multislider",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      ""
     ],
     "patching_rect": [
      618.0,
      242.0,
      492,
      34
     ],
     "presentation": 1,
     "presentation_rect": [
      10.0,
      86.0,
      492.0,
      34.0
     ],
     "parameter_enable": 0,
     "size": 256,
     "slidercolor": [
      0.671,
      0.533,
      0.918,
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
     "id": "obj-15",
     "maxclass": "outlet",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1124.0,
      242.0,
      30.0,
      30.0
     ],
     "index": 1,
     "comment": "channels 0 to 255"
    }
   },
   {
    "box": {
     "id": "obj-16",
     "maxclass": "outlet",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1168.0,
      242.0,
      30.0,
      30.0
     ],
     "index": 2,
     "comment": "channels 256 to 511, of layers that have them"
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
      "obj-4",
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
      "obj-10",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-11",
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
      "obj-11",
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
      "obj-12",
      0
     ],
     "source": [
      "obj-9",
      2
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
      "obj-11",
      1
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
      "obj-12",
      1
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
      "obj-11",
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
      "obj-12",
      1
     ]
    }
   }
  ]
 }
}
