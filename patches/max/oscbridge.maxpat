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
   1048,
   778
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
  "description": "What a neural network hears. Start `oscbridge run`, then open this.",
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
      1032,
      40
     ],
     "presentation": 1,
     "presentation_rect": [
      8.0,
      8.0,
      1032.0,
      40.0
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
      1066.0,
      20.0,
      110,
      26
     ],
     "presentation": 1,
     "presentation_rect": [
      18.0,
      14.0,
      110.0,
      26.0
     ],
     "text": "oscbridge",
     "fontsize": 18.0,
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
      20.0,
      444.0,
      84,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      136.0,
      18.0,
      84.0,
      20.0
     ],
     "text": "looking",
     "fontsize": 12.0,
     "textcolor": [
      0.949,
      0.647,
      0.255,
      1.0
     ]
    }
   },
   {
    "box": {
     "id": "obj-4",
     "maxclass": "button",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      "bang"
     ],
     "patching_rect": [
      20.0,
      406.0,
      22,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      222.0,
      17.0,
      22.0,
      22.0
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
     "id": "obj-5",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      118.0,
      444.0,
      190,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      252.0,
      18.0,
      190.0,
      20.0
     ],
     "text": "start `oscbridge run`",
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
     "id": "obj-6",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      322.0,
      444.0,
      248,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      446.0,
      18.0,
      248.0,
      20.0
     ],
     "text": "",
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
      20.0,
      368.0,
      190.2,
      22.0
     ],
     "text": "route state welcome refused"
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
      1190.0,
      20.0,
      78.0,
      22.0
     ],
     "text": "r ear.told"
    }
   },
   {
    "box": {
     "id": "obj-9",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      56.0,
      406.0,
      84.6,
      22.0
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-10",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      154.6,
      406.0,
      84.6,
      22.0
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-11",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      253.2,
      406.0,
      84.6,
      22.0
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-12",
     "maxclass": "newobj",
     "numinlets": 0,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1282.0,
      20.0,
      78.0,
      22.0
     ],
     "text": "r ear.from"
    }
   },
   {
    "box": {
     "id": "obj-13",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 2,
     "outlettype": [
      "",
      ""
     ],
     "patching_rect": [
      224.2,
      368.0,
      117.6,
      22.0
     ],
     "text": "route /ear/alive"
    }
   },
   {
    "box": {
     "id": "obj-14",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1374.0,
      20.0,
      34,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      700.0,
      18.0,
      34.0,
      20.0
     ],
     "text": "host",
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
     "maxclass": "textedit",
     "numinlets": 1,
     "numoutlets": 4,
     "outlettype": [
      "",
      "int",
      "",
      ""
     ],
     "patching_rect": [
      1422.0,
      20.0,
      108,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      734.0,
      17.0,
      108.0,
      22.0
     ],
     "text": "127.0.0.1",
     "parameter_enable": 0,
     "keymode": 1,
     "lines": 1,
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
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 2,
     "outlettype": [
      "",
      ""
     ],
     "patching_rect": [
      355.79999999999995,
      368.0,
      78.0,
      22.0
     ],
     "text": "route text"
    }
   },
   {
    "box": {
     "id": "obj-17",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      351.79999999999995,
      406.0,
      78.0,
      22.0
     ],
     "text": "s ear.host"
    }
   },
   {
    "box": {
     "id": "obj-18",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1544.0,
      20.0,
      34,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      850.0,
      18.0,
      34.0,
      20.0
     ],
     "text": "port",
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
     "id": "obj-19",
     "maxclass": "number",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "patching_rect": [
      447.79999999999995,
      368.0,
      52,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      884.0,
      17.0,
      52.0,
      22.0
     ],
     "parameter_enable": 0,
     "minimum": 1,
     "maximum": 65535,
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
     "id": "obj-20",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1592.0,
      20.0,
      124.19999999999999,
      22.0
     ],
     "text": "loadmess set 9870"
    }
   },
   {
    "box": {
     "id": "obj-21",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      443.79999999999995,
      406.0,
      78.0,
      22.0
     ],
     "text": "s ear.port"
    }
   },
   {
    "box": {
     "id": "obj-22",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1730.2,
      20.0,
      34,
      20
     ],
     "presentation": 1,
     "presentation_rect": [
      944.0,
      18.0,
      34.0,
      20.0
     ],
     "text": "reply",
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
     "id": "obj-23",
     "maxclass": "number",
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "patching_rect": [
      513.8,
      368.0,
      52,
      22
     ],
     "presentation": 1,
     "presentation_rect": [
      978.0,
      17.0,
      52.0,
      22.0
     ],
     "parameter_enable": 0,
     "minimum": 1,
     "maximum": 65535,
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
     "id": "obj-24",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      1778.2,
      20.0,
      124.19999999999999,
      22.0
     ],
     "text": "loadmess set 7400"
    }
   },
   {
    "box": {
     "id": "obj-25",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      535.8,
      406.0,
      84.6,
      22.0
     ],
     "text": "s ear.reply"
    }
   },
   {
    "box": {
     "id": "obj-26",
     "maxclass": "newobj",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      1916.4,
      20.0,
      78.0,
      22.0
     ],
     "text": "ear.client"
    }
   },
   {
    "box": {
     "id": "obj-27",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      ""
     ],
     "patching_rect": [
      2008.4,
      20.0,
      512.0,
      190
     ],
     "presentation": 1,
     "presentation_rect": [
      8.0,
      56.0,
      512.0,
      190.0
     ],
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "lockedsize": 0,
     "offset": [
      0.0,
      0.0
     ],
     "viewvisibility": 1,
     "name": "ear.levels.maxpat",
     "args": []
    }
   },
   {
    "box": {
     "id": "obj-28",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      2534.4,
      20.0,
      512.0,
      140
     ],
     "presentation": 1,
     "presentation_rect": [
      8.0,
      254.0,
      512.0,
      140.0
     ],
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "lockedsize": 0,
     "offset": [
      0.0,
      0.0
     ],
     "viewvisibility": 1,
     "name": "ear.scalogram.maxpat",
     "args": []
    }
   },
   {
    "box": {
     "id": "obj-29",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 2,
     "outlettype": [
      "",
      ""
     ],
     "patching_rect": [
      3060.4,
      20.0,
      512.0,
      130
     ],
     "presentation": 1,
     "presentation_rect": [
      8.0,
      402.0,
      512.0,
      130.0
     ],
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "lockedsize": 0,
     "offset": [
      0.0,
      0.0
     ],
     "viewvisibility": 1,
     "name": "ear.channels.maxpat",
     "args": []
    }
   },
   {
    "box": {
     "id": "obj-30",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 2,
     "outlettype": [
      "",
      ""
     ],
     "patching_rect": [
      3586.4,
      20.0,
      512.0,
      332
     ],
     "presentation": 1,
     "presentation_rect": [
      528.0,
      56.0,
      512.0,
      332.0
     ],
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "lockedsize": 0,
     "offset": [
      0.0,
      0.0
     ],
     "viewvisibility": 1,
     "name": "ear.activations.maxpat",
     "args": []
    }
   },
   {
    "box": {
     "id": "obj-31",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      4112.4,
      20.0,
      252,
      130
     ],
     "presentation": 1,
     "presentation_rect": [
      528.0,
      396.0,
      252.0,
      130.0
     ],
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "lockedsize": 0,
     "offset": [
      0.0,
      0.0
     ],
     "viewvisibility": 1,
     "name": "ear.classes.maxpat",
     "args": []
    }
   },
   {
    "box": {
     "id": "obj-32",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 2,
     "outlettype": [
      "",
      ""
     ],
     "patching_rect": [
      4378.4,
      20.0,
      252,
      130
     ],
     "presentation": 1,
     "presentation_rect": [
      788.0,
      396.0,
      252.0,
      130.0
     ],
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "lockedsize": 0,
     "offset": [
      0.0,
      0.0
     ],
     "viewvisibility": 1,
     "name": "ear.selection.maxpat",
     "args": []
    }
   },
   {
    "box": {
     "id": "obj-33",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      4644.4,
      20.0,
      700,
      230
     ],
     "presentation": 1,
     "presentation_rect": [
      8.0,
      540.0,
      700.0,
      230.0
     ],
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "lockedsize": 0,
     "offset": [
      0.0,
      0.0
     ],
     "viewvisibility": 1,
     "name": "ear.dream.maxpat",
     "args": []
    }
   },
   {
    "box": {
     "id": "obj-34",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 1,
     "outlettype": [
      "signal"
     ],
     "patching_rect": [
      5358.4,
      20.0,
      324,
      132
     ],
     "presentation": 1,
     "presentation_rect": [
      716.0,
      540.0,
      324.0,
      132.0
     ],
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "lockedsize": 0,
     "offset": [
      0.0,
      0.0
     ],
     "viewvisibility": 1,
     "name": "ear.clips.maxpat",
     "args": []
    }
   },
   {
    "box": {
     "id": "obj-35",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "patching_rect": [
      5696.4,
      20.0,
      324,
      90
     ],
     "presentation": 1,
     "presentation_rect": [
      716.0,
      680.0,
      324.0,
      90.0
     ],
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "lockedsize": 0,
     "offset": [
      0.0,
      0.0
     ],
     "viewvisibility": 1,
     "name": "ear.transport.maxpat",
     "args": []
    }
   }
  ],
  "lines": [
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
      "obj-3",
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
      "obj-5",
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
      "obj-7",
      2
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
      "obj-11",
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
      "obj-12",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-4",
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
      "obj-16",
      0
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
      "obj-17",
      0
     ],
     "source": [
      "obj-16",
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
      "obj-20",
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
      "obj-19",
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
      "obj-24",
      0
     ]
    }
   },
   {
    "patchline": {
     "destination": [
      "obj-25",
      0
     ],
     "source": [
      "obj-23",
      0
     ]
    }
   }
  ]
 }
}
